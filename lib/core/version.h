/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The first "1.2" in @text: "6.12.107-amd64", "QEMU emulator version 10.0.13 (Debian...)".
 * FALSE where there is none. */
gboolean aqr_version_parse(const char *text, guint *major, guint *minor);

/* FALSE for NULL, and where there is none. */
gboolean aqr_version_is_at_least(const char *text, guint major, guint minor);
