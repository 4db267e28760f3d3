/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"

/* What qemu-img knows of a disk image, and how to ask it. It computes command
 * lines and reads answers; host/image runs them. */
typedef struct {
    AqrDisk *disk;       /* the image, and what it is an overlay of */
    guint64 size;        /* bytes, as the guest sees it */
    gboolean incomplete; /* it, or what it is an overlay of, is marked as damaged */
} AqrImageInfo;

void aqr_image_info_clear(AqrImageInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrImageInfo, aqr_image_info_clear)

/* Reads the output of aqr_image_info_argv(). AQR_ERROR_IMAGE where it is none. */
gboolean aqr_image_info_parse(const char *json, AqrImageInfo *info, GError **error);

GStrv aqr_image_info_argv(const char *file) G_GNUC_WARN_UNUSED_RESULT;

/* Makes the qcow2 file @overlay over @base of @base_format. */
GStrv aqr_image_overlay_argv(const char *overlay, const char *base,
                             const char *base_format) G_GNUC_WARN_UNUSED_RESULT;

/* Copies the first @bytes of @image to the raw file @start. */
GStrv aqr_image_start_argv(const char *image, const char *format, gsize bytes,
                           const char *start) G_GNUC_WARN_UNUSED_RESULT;
