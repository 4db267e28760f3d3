/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "prove.h"

/* What rocm-qemu-create tells of an image that it has proven: PASS, WARN and FAIL, as
 * rocm-qemu-setup tells of a host. Transfer full. */
char *image_report_text(const char *image, const AqrImageVerdict *verdict,
                        gboolean colour) G_GNUC_WARN_UNUSED_RESULT;
char *image_report_json(const char *image,
                        const AqrImageVerdict *verdict) G_GNUC_WARN_UNUSED_RESULT;
