/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* UEFI for the guest, as Debian's package ovmf installs it. */
typedef struct {
    const char *code; /* read-only, shared */
    const char *vars; /* what a VM's own variables start from */
} AqrFirmware;

/* AQR_ERROR_HOST when there is none. */
gboolean aqr_firmware_find(AqrFirmware *firmware, GError **error);

/* Makes @nvram a copy of firmware->vars that QEMU may write. */
gboolean aqr_firmware_copy_vars(const AqrFirmware *firmware, const char *nvram, GError **error);
