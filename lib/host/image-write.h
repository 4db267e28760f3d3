/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Whether a VM may write to an image itself: said before it starts, and by name, where QEMU
 * would only say that it failed to get a lock. */

/* @file can be written to, and no QEMU has it open, for itself or as what an overlay is over.
 * It is not changed. AQR_ERROR_IMAGE. */
gboolean aqr_image_write_check(const char *file, GError **error);

/* No QEMU writes to @file, whose work would be lost with it; who only reads it keeps what is
 * open. TRUE also for what is not there, or cannot be read. AQR_ERROR_IMAGE. */
gboolean aqr_image_replace_check(const char *file, GError **error);
