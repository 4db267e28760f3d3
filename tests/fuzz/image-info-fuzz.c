/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-info.h"

#include "base/error.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *json = fuzz_text(bytes, length);
    g_auto(AqrImageInfo) info = { 0 };
    g_autoptr(GError) error = NULL;

    if (aqr_image_info_parse(json, &info, &error))
        g_assert(info.disk != NULL && error == NULL);
    else
        g_assert(info.disk == NULL && g_error_matches(error, AQR_ERROR, AQR_ERROR_IMAGE));
    return 0;
}
