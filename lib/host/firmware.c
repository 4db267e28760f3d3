/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/firmware.h"

#include <unistd.h>

#include "base/error.h"

static const AqrFirmware known[] = {
    { "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd" },
    { "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd" },
};

gboolean
aqr_firmware_find(AqrFirmware *firmware, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        if (access(known[i].code, R_OK) == 0 && access(known[i].vars, R_OK) == 0) {
            *firmware = known[i];
            return TRUE;
        }
    }
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST,
                        "no EFI firmware found; install the package ovmf, or use --boot=bios");
    return FALSE;
}

gboolean
aqr_firmware_copy_vars(const AqrFirmware *firmware, const char *nvram, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autofree char *contents = NULL;
    gsize length;

    if (g_file_get_contents(firmware->vars, &contents, &length, &failed) &&
        g_file_set_contents_full(nvram, contents, (gssize)length, G_FILE_SET_CONTENTS_NONE, 0600,
                                 &failed))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot copy the EFI variables: %s",
                failed->message);
    return FALSE;
}
