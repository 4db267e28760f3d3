/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/qcow-extent.h"

#include <string.h>

#include "support/check-main.h"

static void
put(guint8 *bytes, guint64 number, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        bytes[i] = (guint8)(number >> 8 * (n - 1 - i));
}

static const struct {
    const char *magic;
    guint32 version, cluster_bits;
    guint64 table;
    guint32 clusters, order;
    gboolean taken;
    guint64 block_clusters;
} headers[] = {
    { "QFI\xfb", 3, 16, 0x10000, 1, 4, TRUE, 32768 },
    { "QFI\xfb", 2, 16, 0x10000, 1, 99, TRUE, 32768 }, /* version 2 has always 16 bits */
    { "QFI\xfb", 3, 9, 0x200, 1, 0, TRUE, 4096 },
    { "QFI\xfb", 3, 21, 0x200000, 4, 6, TRUE, 262144 },
    { "QFI\xfb", 3, 21, 0x200000, 5, 6, FALSE, 0 }, /* more than QEMU takes */
    { "QFI\xfb", 3, 16, 0x10000, G_MAXUINT32, 4, FALSE, 0 },
    { "QFI\xfb", 3, 8, 0x10000, 1, 4, FALSE, 0 },
    { "QFI\xfb", 3, 22, 0x10000, 1, 4, FALSE, 0 },
    { "QFI\xfb", 3, 16, 0x10000, 1, 7, FALSE, 0 },
    { "QFI\xfb", 1, 16, 0x10000, 1, 4, FALSE, 0 },
    { "QFI\xfb", 4, 16, 0x10000, 1, 4, FALSE, 0 },
    { "QFI\xfa", 3, 16, 0x10000, 1, 4, FALSE, 0 },
    { "QFI\xfb", 3, 16, G_MAXUINT64 - 511, 1, 4, FALSE, 0 },
};

START_TEST(parses)
{
    guint8 header[AQR_QCOW_HEADER_BYTES] = { 0 };
    AqrQcowExtent extent;

    memcpy(header, headers[_i].magic, 4);
    put(header + 4, headers[_i].version, 4);
    put(header + 20, headers[_i].cluster_bits, 4);
    put(header + 48, headers[_i].table, 8);
    put(header + 56, headers[_i].clusters, 4);
    put(header + 96, headers[_i].order, 4);
    ck_assert(!aqr_qcow_extent_parse(header, sizeof header - 1, &extent));
    ck_assert_int_eq(aqr_qcow_extent_parse(header, sizeof header, &extent), headers[_i].taken);
    if (!headers[_i].taken)
        return;
    ck_assert_uint_eq(extent.table, headers[_i].table);
    ck_assert_uint_eq(extent.table_bytes,
                      (guint64)headers[_i].clusters << headers[_i].cluster_bits);
    ck_assert_uint_eq(aqr_qcow_extent_block_clusters(&extent), headers[_i].block_clusters);
}
END_TEST

START_TEST(finds_blocks)
{
    guint8 table[24];

    put(table, 0x20000, 8);
    put(table + 8, 0, 8);
    put(table + 16, 0x8000000000030001, 8); /* bits that are reserved */
    ck_assert_uint_eq(aqr_qcow_extent_block(table, 0), 0x20000);
    ck_assert_uint_eq(aqr_qcow_extent_block(table, 1), 0);
    ck_assert_uint_eq(aqr_qcow_extent_block(table, 2), 0x30000);
}
END_TEST

/* Which byte of a block of 512 is not zero. */
static const struct {
    unsigned order;
    int byte;
    gint64 last;
} blocks[] = {
    { 4, -1, -1 },   { 4, 0, 0 },     { 4, 1, 0 }, { 4, 2, 1 },
    { 4, 511, 255 }, { 3, 511, 511 }, { 6, 7, 0 }, { 6, 8, 1 },
    { 6, 511, 63 },  { 5, 4, 1 },     { 2, 1, 2 }, { 0, 511, 4088 }, /* or one of the next seven */
};

START_TEST(finds_last)
{
    AqrQcowExtent extent = { .cluster = 512, .order = blocks[_i].order };
    guint8 block[512] = { 0 };

    if (blocks[_i].byte >= 0)
        block[blocks[_i].byte] = 1;
    ck_assert_int_eq(aqr_qcow_extent_last_used(&extent, block), blocks[_i].last);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(headers));
    tcase_add_test(tcase, finds_blocks);
    tcase_add_loop_test(tcase, finds_last, 0, G_N_ELEMENTS(blocks));
}
