/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* One serial console of the guest. It is always drained: a guest whose console
 * nobody reads stops at its next line. */
typedef struct AqrConsole AqrConsole;

typedef void (*AqrConsoleRead)(AqrConsole *console, const char *bytes, gsize length, gpointer data);

/* Listens on @path for QEMU. AQR_ERROR_HOST. */
AqrConsole *aqr_console_new(const char *path, AqrConsoleRead read, gpointer data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_console_free(AqrConsole *console);

/* Reads what it has printed already: when the VM has ended nothing else comes, and
 * its end may be heard of before its last words are read. */
void aqr_console_drain(AqrConsole *console);

/* Types @text. */
void aqr_console_type(AqrConsole *console, const char *text);

/* Whether the last 512 bytes that it printed hold @words. */
gboolean aqr_console_just_said(const AqrConsole *console, const char *words);

/* (transfer full): the last lines that it printed, at most @lines, without
 * control characters. */
char *aqr_console_tail(const AqrConsole *console, unsigned lines) G_GNUC_WARN_UNUSED_RESULT;
