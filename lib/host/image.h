/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/image-info.h"
#include "host/wait.h"

/* Disk images, by qemu-img. A base image is only ever read. */

/* AQR_ERROR_IMAGE: missing, not readable, or not an image. */
gboolean aqr_image_probe(const char *file, AqrImageInfo *info, const AqrPatience *patience,
                         GError **error);

/* Whether EFI firmware can boot it. @scratch_dir is for a small file meanwhile. */
gboolean aqr_image_has_esp(const char *file, const char *format, const char *scratch_dir,
                           gboolean *has_esp, const AqrPatience *patience, GError **error);

/* Makes the qcow2 file @overlay over @base. */
gboolean aqr_image_make_overlay(const char *overlay, const char *base, const char *base_format,
                                const AqrPatience *patience, GError **error);

/* Makes the file @to of @format of all that the qcow2 file @from and those under it have. */
gboolean aqr_image_copy(const char *from, const char *to, const char *format,
                        const AqrPatience *patience, GError **error);
