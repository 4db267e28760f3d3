/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-device.h"

#include <string.h>

#include "support/check-main.h"

START_TEST(begins_untold)
{
    const AqrPciAddress address = { 0, 3, 0, 1 };
    g_autoptr(AqrPciDevice) device = aqr_pci_device_new(&address);

    ck_assert(aqr_pci_address_equal(&device->address, &address));
    ck_assert_int_eq(device->numa_node, -1);
    ck_assert_int_eq(device->iommu_group, -1);
    ck_assert(device->d3cold_allowed);
    ck_assert(!device->has_parent && !device->is_vf && !aqr_pci_device_is_lost(device));
    ck_assert_ptr_null(device->driver);
}
END_TEST

START_TEST(frees_nothing)
{
    aqr_pci_device_free(NULL);
}
END_TEST

static const struct {
    guint32 class;
    gboolean is;
} classes[] = {
    { 0x060400, TRUE },  { 0x060000, TRUE },  { 0x030000, FALSE },
    { 0x010802, FALSE }, { 0x000600, FALSE }, { 0x120000, FALSE },
};

START_TEST(tells_bridges)
{
    const AqrPciDevice device = { .class = classes[_i].class };

    ck_assert_int_eq(aqr_pci_device_is_bridge(&device), classes[_i].is);
}
END_TEST

static const struct {
    const char *driver;
    gboolean is;
} drivers[] = {
    { "vfio-pci", TRUE }, { "mlx5_vfio_pci", TRUE }, { "nvgrace-gpu-vfio-pci", TRUE },
    { "amdgpu", FALSE },  { "pci-stub", FALSE },     { "vfio-platform", FALSE },
    { NULL, FALSE },
};

START_TEST(tells_vfio)
{
    const AqrPciDevice device = { .driver = (char *)drivers[_i].driver };

    ck_assert_int_eq(aqr_pci_device_is_on_vfio(&device), drivers[_i].is);
}
END_TEST

START_TEST(tells_lost)
{
    const AqrPciAddress address = { 0, 3, 0, 0 };
    g_autoptr(AqrPciDevice) device = aqr_pci_device_new(&address);
    guint8 ones[64];

    memset(ones, 0xff, sizeof ones);
    device->config = g_bytes_new(ones, sizeof ones);
    ck_assert(aqr_pci_device_is_lost(device));
}
END_TEST

START_TEST(finds)
{
    g_autoptr(GPtrArray) devices =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_pci_device_free);
    AqrPciAddress address = { 0, 3, 0, 0 };

    ck_assert_ptr_null(aqr_pci_device_find(devices, &address));
    for (; address.function < 3; address.function++)
        g_ptr_array_add(devices, aqr_pci_device_new(&address));
    ck_assert_ptr_null(aqr_pci_device_find(devices, &address));
    address.function = 1;
    ck_assert_ptr_eq(aqr_pci_device_find(devices, &address), devices->pdata[1]);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, begins_untold);
    tcase_add_test(tcase, frees_nothing);
    tcase_add_loop_test(tcase, tells_bridges, 0, G_N_ELEMENTS(classes));
    tcase_add_loop_test(tcase, tells_vfio, 0, G_N_ELEMENTS(drivers));
    tcase_add_test(tcase, tells_lost);
    tcase_add_test(tcase, finds);
}
