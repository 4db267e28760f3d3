/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/domain-gpus.h"

#define PRINTED(name, ...) g_autofree char *name = g_strdup_printf(__VA_ARGS__)

char *
aqr_domain_gpu_alias(unsigned number)
{
    return g_strdup_printf(AQR_DOMAIN_GPU_ALIAS "%u", number);
}

/* Leaves the device open. */
static void
open_function(AqrXml *xml, const AqrPciAddress *address, gboolean managed)
{
    PRINTED(domain, "0x%04x", address->domain);
    PRINTED(bus, "0x%02x", address->bus);
    PRINTED(slot, "0x%02x", address->slot);
    PRINTED(function, "0x%x", address->function);

    aqr_xml_open(xml, "hostdev", "mode", "subsystem", "type", "pci", "managed",
                 managed ? "yes" : "no", NULL);
    aqr_xml_empty(xml, "driver", "name", "vfio", NULL);
    aqr_xml_open(xml, "source", NULL);
    aqr_xml_empty(xml, "address", "domain", domain, "bus", bus, "slot", slot, "function", function,
                  NULL);
    aqr_xml_close(xml);
}

void
aqr_domain_gpus_write(AqrXml *xml, const AqrVmGpus *gpus)
{
    for (unsigned i = 0; i < gpus->gpus->len; i++) {
        g_autofree char *alias = aqr_domain_gpu_alias(i);

        open_function(xml, &g_array_index(gpus->gpus, AqrPciAddress, i), gpus->managed);
        aqr_xml_empty(xml, "alias", "name", alias, NULL);
        aqr_xml_close(xml);
    }
    for (unsigned i = 0; i < gpus->companions->len; i++) {
        open_function(xml, &g_array_index(gpus->companions, AqrPciAddress, i), gpus->managed);
        aqr_xml_empty(xml, "address", "type", "unassigned", NULL);
        aqr_xml_close(xml);
    }
}
