/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-together.h"

#define VENDOR_AMD_GRAPHICS 0x1002
#define CLASS_MULTIMEDIA 0x04

static gboolean
is_beside_a_gpu(const GPtrArray *devices, const AqrPciDevice *device)
{
    for (guint i = 0; i < devices->len; i++) {
        const AqrPciDevice *other = devices->pdata[i];

        if (aqr_gpu_is(other) && aqr_pci_address_same_slot(&other->address, &device->address))
            return TRUE;
    }
    return FALSE;
}

/* A physical function whose VFs are on belongs to the driver that gives them out. */
static gboolean
is_of_card(const GPtrArray *devices, const AqrPciDevice *device)
{
    return device->n_vfs == 0 &&
           (device->vendor == VENDOR_AMD_GRAPHICS || device->class >> 16 == CLASS_MULTIMEDIA) &&
           is_beside_a_gpu(devices, device);
}

static gboolean
is_of_slot(const GPtrArray *devices, const AqrPciDevice *gpu, const AqrPciDevice *device)
{
    return !gpu->is_vf && !device->is_vf &&
           aqr_pci_address_same_slot(&gpu->address, &device->address) &&
           is_of_card(devices, device);
}

static gboolean
shares_a_group(const GPtrArray *some, const AqrPciDevice *device)
{
    for (guint i = 0; i < some->len && device->iommu_group >= 0; i++) {
        const AqrPciDevice *other = some->pdata[i];

        if (other->iommu_group == device->iommu_group)
            return TRUE;
    }
    return FALSE;
}

static gint
compare_addresses(gconstpointer a, gconstpointer b)
{
    const AqrPciDevice *one = *(const AqrPciDevice *const *)a;
    const AqrPciDevice *other = *(const AqrPciDevice *const *)b;

    return aqr_pci_address_compare(&one->address, &other->address);
}

/* What comes by a group brings no other group along. */
GPtrArray *
aqr_gpu_together(const GPtrArray *devices, const AqrPciDevice *device)
{
    g_autoptr(GPtrArray) card = g_ptr_array_new();
    GPtrArray *together = g_ptr_array_new();

    for (guint i = 0; i < devices->len; i++) {
        AqrPciDevice *other = devices->pdata[i];

        if (other == device || is_of_slot(devices, device, other))
            g_ptr_array_add(card, other);
    }
    for (guint i = 0; i < devices->len; i++) {
        AqrPciDevice *other = devices->pdata[i];

        if (!aqr_pci_device_is_bridge(other) &&
            (g_ptr_array_find(card, other, NULL) || shares_a_group(card, other)))
            g_ptr_array_add(together, other);
    }
    g_ptr_array_sort(together, compare_addresses);
    return together;
}

GPtrArray *
aqr_gpu_foreign(const GPtrArray *devices, const GPtrArray *together)
{
    GPtrArray *foreign = g_ptr_array_new();

    for (guint i = 0; i < together->len; i++) {
        if (!is_of_card(devices, together->pdata[i]))
            g_ptr_array_add(foreign, together->pdata[i]);
    }
    return foreign;
}
