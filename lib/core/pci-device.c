/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-device.h"

#include "core/pci-config.h"

AqrPciDevice *
aqr_pci_device_new(const AqrPciAddress *address)
{
    AqrPciDevice *device = g_new0(AqrPciDevice, 1);

    device->address = *address;
    device->numa_node = -1;
    device->iommu_group = -1;
    device->d3cold_allowed = TRUE;
    return device;
}

void
aqr_pci_device_free(AqrPciDevice *device)
{
    if (device == NULL)
        return;
    g_free(device->driver);
    g_free(device->driver_override);
    g_strfreev(device->reset_methods);
    g_free(device->power_state);
    g_clear_pointer(&device->config, g_bytes_unref);
    g_strfreev(device->device_nodes);
    g_free(device);
}

gboolean
aqr_pci_device_is_bridge(const AqrPciDevice *device)
{
    return device->class >> 16 == 0x06;
}

gboolean
aqr_pci_device_is_on_vfio(const AqrPciDevice *device)
{
    return device->driver != NULL && (g_str_has_suffix(device->driver, "vfio-pci") ||
                                      g_str_has_suffix(device->driver, "vfio_pci"));
}

gboolean
aqr_pci_device_is_lost(const AqrPciDevice *device)
{
    return aqr_pci_config_is_lost(device->config);
}

AqrPciDevice *
aqr_pci_device_find(const GPtrArray *devices, const AqrPciAddress *address)
{
    for (guint i = 0; i < devices->len; i++) {
        AqrPciDevice *device = devices->pdata[i];

        if (aqr_pci_address_equal(&device->address, address))
            return device;
    }
    return NULL;
}
