/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* (transfer full): what a guest wrote, fit for somebody's terminal: valid UTF-8 without
 * control characters, but for tabs and line breaks. */
char *aqr_printable(const char *text) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the first @max bytes of it as one line: without tabs and line breaks
 * too, and without blanks at its ends. */
char *aqr_printable_line(const char *text, gsize max) G_GNUC_WARN_UNUSED_RESULT;
