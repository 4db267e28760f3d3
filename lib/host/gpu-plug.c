/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-plug.h"

#include "core/domain-gpus.h"
#include "host/libvirt.h"

static gboolean
plug(virDomainPtr handle, const AqrVmSpec *spec, unsigned number, GError **error)
{
    const AqrPciAddress *address = &g_array_index(spec->gpus.gpus, AqrPciAddress, number);
    g_autofree char *xml = aqr_domain_gpus_hostdev(spec, number);
    g_autofree char *name = aqr_pci_address_to_string(address);
    g_autofree char *doing = g_strdup_printf("GPU %s: cannot be plugged into the VM", name);

    if (virDomainAttachDeviceFlags(handle, xml, VIR_DOMAIN_AFFECT_LIVE) == 0)
        return TRUE;
    aqr_libvirt_set_error(error, AQR_ERROR_GPU, doing);
    return FALSE;
}

gboolean
aqr_gpu_plug(AqrDomain *domain, const AqrVmSpec *spec, GError **error)
{
    for (unsigned i = 0; i < spec->gpus.gpus->len; i++) {
        if (!plug(aqr_domain_get_handle(domain), spec, i, error))
            return FALSE;
    }
    return TRUE;
}
