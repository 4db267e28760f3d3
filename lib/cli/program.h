/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What every program says and how: results on stdout, everything else, through
 * here, on stderr, behind the program's name. */

/* Before anything else: the name for messages, the locale. */
void aqr_program_start(const char *name);

/* Turns aqr_program_debug() on. */
void aqr_program_set_debug(gboolean debug);

void aqr_program_say(const char *format, ...) G_GNUC_PRINTF(1, 2);
void aqr_program_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Who has written a line without an end is called before something is said below it. NULL:
 * nobody any more. */
void aqr_program_before_saying(void (*make_way)(gpointer data), gpointer data);

/* A program of ours that is installed in libexecdir; AQR_LIBEXEC_DIR, directories
 * with colons between, says where else. */
char *aqr_program_libexec(const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* A file of ours that is installed in datadir; AQR_DATA_DIR names another directory. */
char *aqr_program_data(const char *name) G_GNUC_WARN_UNUSED_RESULT;
