/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/guest-link.h"

/* A command in the guest whose stdout is read here line by line, while it runs: a log that
 * is followed. Its stderr is dropped. */
typedef struct AqrGuestLines AqrGuestLines;

/* @take gets each line, without its end and cut after 4 KiB, from the main context. It must
 * not free what it is called by. AQR_ERROR_HOST. */
AqrGuestLines *aqr_guest_lines_start(AqrGuestLink *link, const char *const *argv,
                                     void (*take)(const char *line, gpointer data), gpointer data,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* It has ended, or the guest was lost, and the last line has been taken. */
gboolean aqr_guest_lines_have_ended(const AqrGuestLines *lines);

/* Kills it. */
void aqr_guest_lines_free(AqrGuestLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGuestLines, aqr_guest_lines_free)
