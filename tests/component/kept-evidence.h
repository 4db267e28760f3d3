/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Evidence in a directory of the test's: a fixture, and what is in it. */
#include "host/evidence.h"

#define MIB (1 << 20)

extern char *dir;
extern GString *said; /* a line each */
extern AqrEvidence *evidence;

void set_up_evidence(void);
void tear_down_evidence(void);

/* One that says what it does to the same. */
AqrEvidence *new_evidence(const char *parent) G_GNUC_WARN_UNUSED_RESULT;

void tell(const char *name, const char *message);
void log_console(const char *text, gsize length);

/* 64 KiB lines, each of which begins with its number. */
void log_much(AqrEvidenceLog which, int lines);

/* In the directory; the others: in "testbed" there. */
gboolean is_there(const char *name);
char *read_kept(const char *name); /* transfer full */
gsize size_of(const char *name);   /* 0: it is not there */

/* How many events the timeline has; it is JSON, whenever one looks. */
guint count_events(void);
