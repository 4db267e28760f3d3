/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/partition-table.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    gboolean found = aqr_partition_table_has_esp(bytes, length);

    g_assert(!found || length >= 512);
    g_assert(aqr_partition_table_end(bytes, length) % 512 == 0);
    return 0;
}
