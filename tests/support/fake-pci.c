/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake-pci.h"

#include <string.h>

static AqrPciAddress
read_address(const char *text)
{
    AqrPciAddress address;
    gboolean parsed = aqr_pci_address_parse(text, &address, NULL);

    g_assert(parsed);
    return address;
}

static void
put16(guint8 *bytes, guint value)
{
    bytes[0] = (guint8)value;
    bytes[1] = (guint8)(value >> 8);
}

static GBytes *
make_config(const FakePci *row)
{
    guint8 bytes[256] = { 0 };

    if (row->config == FAKE_CONFIG_UNREADABLE)
        return NULL;
    put16(bytes, row->vendor);
    put16(bytes + 2, row->device);
    if (row->config != FAKE_CONFIG_CONVENTIONAL) {
        bytes[0x06] = 0x10;
        bytes[0x34] = 0x50;
        bytes[0x50] = 0x10;
        put16(bytes + 0x52, row->type << 4 | 2);
        put16(bytes + 0x74, row->devcap2);
        put16(bytes + 0x78, row->devctl2);
    }
    if (row->config == FAKE_CONFIG_LOST)
        memset(bytes, 0xff, sizeof bytes);
    return g_bytes_new(bytes, row->config == FAKE_CONFIG_HEADER ? 64 : sizeof bytes);
}

static AqrPciDevice *
make_device(const FakePci *row)
{
    AqrPciAddress address = read_address(row->address);
    AqrPciDevice *device = aqr_pci_device_new(&address);

    device->has_parent = row->parent != NULL;
    if (device->has_parent)
        device->parent = read_address(row->parent);
    device->is_vf = row->physical != NULL;
    if (device->is_vf)
        device->physical = read_address(row->physical);
    device->vendor = (guint16)row->vendor;
    device->device = (guint16)row->device;
    device->class = row->class;
    device->iommu_group = row->group == 0 ? -1 : row->group;
    device->driver = g_strdup(row->driver);
    device->n_vfs = row->n_vfs;
    device->boot_vga = row->boot_vga;
    device->gc_version = row->gc_version;
    device->gfx_version = row->gfx_version;
    device->hive = row->hive;
    device->config = make_config(row);
    return device;
}

GPtrArray *
fake_pci_devices(const FakePci *rows)
{
    GPtrArray *devices = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_pci_device_free);

    for (; rows->address != NULL; rows++)
        g_ptr_array_add(devices, make_device(rows));
    return devices;
}

char *
fake_pci_names(const GPtrArray *devices)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < devices->len; i++) {
        const AqrPciDevice *device = devices->pdata[i];

        g_ptr_array_add(names, aqr_pci_address_to_string(&device->address));
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}
