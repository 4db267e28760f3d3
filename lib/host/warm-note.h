/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Why something is not to be tried again: a file whose being there says so, with a line in it. In
 * the directory that is open as @dir; for host/warm-* alone. */

/* As far as it can be written. */
void aqr_warm_note_write(int dir, const char *name, const char *why);

/* What it says (transfer full); NULL: it is not there, or older than @age microseconds and then
 * removed; 0: of any age. */
char *aqr_warm_note_read(int dir, const char *name, gint64 age) G_GNUC_WARN_UNUSED_RESULT;
