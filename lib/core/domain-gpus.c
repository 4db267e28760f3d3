/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/domain-gpus.h"

#include "core/qemu-args.h"

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

/* Where libvirt finds all places itself it keeps a root port free, to plug something in;
 * where ports are named it does not. So there are as many as there are devices, and one. The
 * virtio devices that there always are: network, serial ports, entropy. */
#define ALWAYS_THERE 3

static unsigned
count_ports(const AqrVmSpec *spec)
{
    if (!spec->base_image)
        return spec->gpus.gpus->len;
    return spec->gpus.gpus->len + ALWAYS_THERE + spec->disks->len + spec->shared_dirs->len + 1;
}

static void
write_ports(AqrXml *xml, unsigned n)
{
    for (unsigned i = 1; i <= n; i++) {
        PRINTED(index, "%u", i);

        aqr_xml_empty(xml, "controller", "type", "pci", "model", "pcie-root-port", "index", index,
                      NULL);
    }
}

/* Bus 0 is the root complex; the port with index 1 makes bus 1. */
static void
write_gpu(AqrXml *xml, const AqrVmGpus *gpus, unsigned number, gboolean has_port)
{
    g_autofree char *alias = aqr_domain_gpu_alias(number);
    PRINTED(bus, "0x%02x", number + 1);

    open_function(xml, &g_array_index(gpus->gpus, AqrPciAddress, number), gpus->managed);
    aqr_xml_empty(xml, "alias", "name", alias, NULL);
    if (has_port)
        aqr_xml_empty(xml, "address", "type", "pci", "domain", "0x0000", "bus", bus, "slot", "0x00",
                      "function", "0x0", NULL);
    aqr_xml_close(xml);
}

void
aqr_domain_gpus_write(AqrXml *xml, const AqrVmSpec *spec)
{
    g_autofree char *machine = aqr_qemu_args_machine((const char *const *)spec->qemu_args);
    const AqrVmGpus *gpus = &spec->gpus;
    gboolean has_ports = machine == NULL; /* the user's own may be none with PCIe */

    if (has_ports && gpus->gpus->len > 0)
        write_ports(xml, count_ports(spec));
    for (unsigned i = 0; i < gpus->gpus->len; i++)
        write_gpu(xml, gpus, i, has_ports);
    for (unsigned i = 0; i < gpus->companions->len; i++) {
        open_function(xml, &g_array_index(gpus->companions, AqrPciAddress, i), gpus->managed);
        aqr_xml_empty(xml, "address", "type", "unassigned", NULL);
        aqr_xml_close(xml);
    }
}
