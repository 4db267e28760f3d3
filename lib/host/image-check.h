/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"

/* What qemu-img does not notice about an image, looked up in the files themselves,
 * in microseconds. */

/* @file is something that can be opened, and opening it does not wait for somebody:
 * a file or a block device, not a fifo. AQR_ERROR_IMAGE. */
gboolean aqr_image_check_kind(const char *file, GError **error);

/* @disk and what it is an overlay of are there to their ends, as their own tables
 * have it. AQR_ERROR_IMAGE. What is no local file is taken as it is. */
gboolean aqr_image_check_whole(const AqrDisk *disk, GError **error);
