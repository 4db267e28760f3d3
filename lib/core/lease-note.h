/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What stands in a lease's file (host/lease): who has it, as JSON, for people. Anybody may
 * have written it: what is read is short, one line and printable, and need not be true. */
typedef struct {
    int pid;
    guint64 start; /* when that process started: host/process */
    char *program;
    char *purpose;
    gint64 since; /* Unix time in seconds; 0: untold */
} AqrLeaseNote;

/* A line, with its end; transfer full. */
char *aqr_lease_note_to_string(const AqrLeaseNote *note) G_GNUC_WARN_UNUSED_RESULT;

/* FALSE for what names no process. */
gboolean aqr_lease_note_parse(const char *text, AqrLeaseNote *note);

void aqr_lease_note_clear(AqrLeaseNote *note);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrLeaseNote, aqr_lease_note_clear)
