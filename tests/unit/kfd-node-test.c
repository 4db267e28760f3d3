/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kfd-node.h"

#include "support/check-main.h"

START_TEST(parses)
{
    const char *text = "cpu_cores_count 0\n"
                       "simd_count 304\n"
                       "simd_per_cu 4\n"
                       "hive_id 18446744073709551615\n"
                       "gfx_target_version 90402\n"
                       "vendor_id 4098\n"
                       "device_id 29857\n"
                       "location_id 1538\n"
                       "domain 65536\n"
                       "drm_render_minor 128\n";
    AqrKfdNode node;

    aqr_kfd_node_parse(text, &node);
    ck_assert_uint_eq(node.simd_count, 304);
    ck_assert_uint_eq(node.hive, G_MAXUINT64);
    ck_assert_uint_eq(node.gfx_version, 90402);
    ck_assert_uint_eq(node.vendor, 0x1002);
    ck_assert_uint_eq(node.device, 0x74a1);
    ck_assert_uint_eq(node.location, 0x602);
    ck_assert_uint_eq(node.domain, 0x10000);
}
END_TEST

static const char *const nothings[] = {
    "", "\n", "simd_count", "simd_count x", "simd_counts 5", " simd_count 5"
};

START_TEST(takes_what_is_not_said_for_nothing)
{
    AqrKfdNode node = { .simd_count = 7, .hive = 7, .gfx_version = 7 };

    aqr_kfd_node_parse(nothings[_i], &node);
    ck_assert_uint_eq(node.simd_count, 0);
    ck_assert_uint_eq(node.gfx_version, 0);
    ck_assert_uint_eq(node.hive, 0);
}
END_TEST

#define AMD 0x1002
#define MI300X 0x74a1
#define MI300X_VF 0x74b5

static const struct {
    AqrKfdNode node;
    const char *address;
    guint16 device;
    gboolean is_of;
} pairs[] = {
    { { 304, 90402, AMD, MI300X, 0, 0x600, 0 }, "06:00.0", MI300X, TRUE },
    { { 0, 90402, AMD, MI300X, 0, 0x600, 0 }, "06:00.0", MI300X, FALSE }, /* a processor */
    { { 304, 90402, AMD, MI300X, 1, 0x600, 0 }, "06:00.0", MI300X, FALSE },
    { { 304, 90402, AMD, MI300X, 1, 0x600, 0 }, "0001:06:00.0", MI300X, TRUE },
    { { 304, 90402, AMD, MI300X, 0, 0x608, 0 }, "06:00.0", MI300X, FALSE },
    { { 304, 90402, AMD, MI300X, 0, 0x608, 0 }, "06:01.0", MI300X, TRUE },
    { { 304, 90402, AMD, MI300X, 0, 0x700, 0 }, "06:00.0", MI300X, FALSE },
    { { 304, 90402, 0x10de, MI300X, 0, 0x600, 0 }, "06:00.0", MI300X, FALSE },
    { { 38, 90402, AMD, MI300X, 0, 0x607, 0 }, "06:00.0", MI300X, TRUE }, /* a part, the seventh */
    { { 38, 90402, AMD, MI300X, 0, 0x602, 0 }, "06:00.2", MI300X_VF, FALSE },
    { { 304, 90402, AMD, MI300X_VF, 0, 0x612, 0 }, "06:02.2", MI300X_VF, TRUE },
    { { 304, 90402, AMD, MI300X_VF, 0, 0x613, 0 }, "06:02.2", MI300X_VF, FALSE },
};

START_TEST(belongs)
{
    g_autoptr(AqrPciDevice) device = NULL;
    AqrPciAddress address;

    ck_assert(aqr_pci_address_parse(pairs[_i].address, &address, NULL));
    device = aqr_pci_device_new(&address);
    device->vendor = AMD;
    device->device = pairs[_i].device;
    ck_assert_int_eq(aqr_kfd_node_is_of(&pairs[_i].node, device), pairs[_i].is_of);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, parses);
    tcase_add_loop_test(tcase, takes_what_is_not_said_for_nothing, 0, G_N_ELEMENTS(nothings));
    tcase_add_loop_test(tcase, belongs, 0, G_N_ELEMENTS(pairs));
}
