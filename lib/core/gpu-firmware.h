/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Which of amdgpu's firmware a GPU needs: data/amdgpu-firmware.tsv, which people can read
 * and correct. Of a target that is not in it nothing is known. */
typedef struct AqrGpuFirmware AqrGpuFirmware;

/* @text: the table's; what its columns are stands at its head. AQR_ERROR_HOST names the line
 * that is wrong: "line 12: ..."; the caller names the file. */
AqrGpuFirmware *aqr_gpu_firmware_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_gpu_firmware_free(AqrGpuFirmware *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuFirmware, aqr_gpu_firmware_free)

/* What the names of the files begin with, one for each chip of the target: "sienna_cichlid"
 * of "gfx1030". NULL: unknown. Transfer none. */
const char *const *aqr_gpu_firmware_find(const AqrGpuFirmware *table, const char *gfx);
