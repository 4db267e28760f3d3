/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/qcow-extent.h"

#include <string.h>

#define MAX_TABLE (8u << 20)
#define DEFAULT_ORDER 4u /* before version 3 */

static guint64
read_big_endian(const guint8 *bytes, unsigned n)
{
    guint64 number = 0;

    for (unsigned i = 0; i < n; i++)
        number = number << 8 | bytes[i];
    return number;
}

gboolean
aqr_qcow_extent_parse(const guint8 *header, gsize length, AqrQcowExtent *extent)
{
    static const guint8 magic[4] = { 'Q', 'F', 'I', 0xfb };
    guint64 version, cluster_bits, clusters, order = DEFAULT_ORDER;

    if (length < AQR_QCOW_HEADER_BYTES || memcmp(header, magic, sizeof magic) != 0)
        return FALSE;
    version = read_big_endian(header + 4, 4);
    cluster_bits = read_big_endian(header + 20, 4);
    clusters = read_big_endian(header + 56, 4);
    if (version >= 3)
        order = read_big_endian(header + 96, 4);
    if (version < 2 || version > 3 || cluster_bits < 9 || cluster_bits > 21 || order > 6 ||
        clusters > MAX_TABLE >> cluster_bits)
        return FALSE;
    *extent = (AqrQcowExtent){
        .cluster = (guint64)1 << cluster_bits,
        .table = read_big_endian(header + 48, 8),
        .table_bytes = clusters << cluster_bits,
        .order = (unsigned)order,
    };
    return extent->table <= G_MAXINT64 - MAX_TABLE;
}

guint64
aqr_qcow_extent_block_clusters(const AqrQcowExtent *extent)
{
    return extent->cluster * 8 >> extent->order;
}

guint64
aqr_qcow_extent_block(const guint8 *table, gsize index)
{
    return read_big_endian(table + 8 * index, 8) & ~(guint64)511 & G_MAXINT64;
}

/* Where several counts share a byte, the first of them is named: it says less, but
 * nothing wrong. */
gint64
aqr_qcow_extent_last_used(const AqrQcowExtent *extent, const guint8 *block)
{
    guint64 n = extent->cluster;

    while (n > 0 && block[n - 1] == 0)
        n--;
    return n == 0 ? -1 : (gint64)((n - 1) * 8 >> extent->order);
}
