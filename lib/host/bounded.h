/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "host/wait.h"

/* Files of sysfs that may block whoever touches them, for as long as a device or the one who
 * has it likes, and uninterruptibly: an unbind that waits until a QEMU has let go. A child
 * of ours does it. One that does not come back is left to the kernel, with nothing open. */

/* Writes @text at once. AQR_ERROR_GPU, also when the patience is over; AQR_ERROR_STOPPED. */
gboolean aqr_bounded_write(const char *path, const char *text, const AqrPatience *patience,
                           GError **error);

/* (transfer full): the first bytes, up to @size and to 4096. */
GBytes *aqr_bounded_read(const char *path, gsize size, const AqrPatience *patience,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
