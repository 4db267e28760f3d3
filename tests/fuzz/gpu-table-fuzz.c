/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-table.h"

#include <string.h>

#include "base/error.h"
#include "fuzz.h"

static void
check_row(const AqrGpuRow *row)
{
    g_assert(aqr_gfx_is(row->gfx));
    g_assert(row->kind <= AQR_GPU_VIRTUAL);
    g_assert(strpbrk(row->name, "\t\n") == NULL);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *text = fuzz_text(bytes, length);
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_parse(text, &error);

    g_assert((table == NULL) == (error != NULL));
    g_assert(error == NULL || g_error_matches(error, AQR_ERROR, AQR_ERROR_HOST));
    for (guint id = 0; table != NULL && id <= G_MAXUINT16; id++) {
        const AqrGpuRow *row = aqr_gpu_table_find(table, (guint16)id);

        if (row != NULL)
            check_row(row);
    }
    return 0;
}
