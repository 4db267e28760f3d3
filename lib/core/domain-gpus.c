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

gboolean
aqr_domain_gpus_can_be_plugged(const AqrVmSpec *spec)
{
    g_autofree char *machine = aqr_qemu_args_machine((const char *const *)spec->qemu_args);

    return machine == NULL;
}

static gboolean
are_plugged_later(const AqrVmSpec *spec)
{
    return spec->warm.use != AQR_WARM_NONE && aqr_domain_gpus_can_be_plugged(spec);
}

/* --- root ports -------------------------------------------------------- */

/* Where libvirt finds all places itself it keeps a root port free, to plug something in;
 * where ports are named it does not. So there are as many as there are devices, and one. The
 * virtio devices that there always are: network, serial ports, entropy. */
#define ALWAYS_THERE 3

static unsigned
count_other_devices(const AqrVmSpec *spec)
{
    unsigned base_image = spec->base_image ? 1 : 0; /* itself is plugged in later */

    return ALWAYS_THERE + spec->disks->len + spec->shared_dirs->len + base_image;
}

/* Bus 0 is the root complex; the port with index 1 makes bus 1. libvirt gives each device
 * without a place the first free port. A GPU's port is one of the first where it is in it from
 * the beginning, and one of the last where it is to stay empty. */
static unsigned
first_gpu_port(const AqrVmSpec *spec)
{
    return are_plugged_later(spec) ? count_other_devices(spec) + 1 : 1;
}

static unsigned
count_ports(const AqrVmSpec *spec)
{
    if (!spec->base_image && !are_plugged_later(spec))
        return spec->gpus.gpus->len;
    return spec->gpus.gpus->len + count_other_devices(spec);
}

#define PORT_ALIAS "ua-port%u"

/* @alias: NULL for one that nobody asks for. */
static void
write_port(AqrXml *xml, unsigned number, const char *alias)
{
    PRINTED(index, "%u", number);

    if (alias == NULL) {
        aqr_xml_empty(xml, "controller", "type", "pci", "model", "pcie-root-port", "index", index,
                      NULL);
        return;
    }
    aqr_xml_open(xml, "controller", "type", "pci", "model", "pcie-root-port", "index", index, NULL);
    aqr_xml_empty(xml, "alias", "name", alias, NULL);
    aqr_xml_close(xml);
}

static void
write_ports(AqrXml *xml, const AqrVmSpec *spec)
{
    unsigned first = first_gpu_port(spec);

    for (unsigned i = 1; i <= count_ports(spec); i++) {
        PRINTED(alias, PORT_ALIAS, i - first);

        write_port(xml, i, are_plugged_later(spec) && i >= first ? alias : NULL);
    }
}

static void
write_reserve(AqrXml *xml, const char *name, guint64 size)
{
    PRINTED(text, "%" G_GUINT64_FORMAT, size);

    if (size > 0)
        aqr_xml_empty(xml, "qemu:property", "name", name, "type", "unsigned", "value", text, NULL);
}

/* A window that nothing needs is as small as without this. libvirt itself knows only the
 * one for memory, since 10.3. */
void
aqr_domain_gpus_write_overrides(AqrXml *xml, const AqrVmSpec *spec)
{
    const AqrPciWindow *window = &spec->gpus.window;

    if (!are_plugged_later(spec) || spec->gpus.gpus->len == 0)
        return;
    aqr_xml_open(xml, "qemu:override", NULL);
    for (unsigned i = 0; i < spec->gpus.gpus->len; i++) {
        PRINTED(alias, PORT_ALIAS, i);

        aqr_xml_open(xml, "qemu:device", "alias", alias, NULL);
        aqr_xml_open(xml, "qemu:frontend", NULL);
        write_reserve(xml, "io-reserve", window->io);
        write_reserve(xml, "mem-reserve", window->memory);
        write_reserve(xml, "pref64-reserve", window->prefetchable);
        aqr_xml_close(xml);
        aqr_xml_close(xml);
    }
    aqr_xml_close(xml);
}

/* --- what is in them --------------------------------------------------- */

static void
write_gpu(AqrXml *xml, const AqrVmSpec *spec, unsigned number)
{
    const AqrVmGpus *gpus = &spec->gpus;
    g_autofree char *alias = aqr_domain_gpu_alias(number);
    PRINTED(bus, "0x%02x", first_gpu_port(spec) + number);

    open_function(xml, &g_array_index(gpus->gpus, AqrPciAddress, number), gpus->managed);
    aqr_xml_empty(xml, "alias", "name", alias, NULL);
    if (aqr_domain_gpus_can_be_plugged(spec))
        aqr_xml_empty(xml, "address", "type", "pci", "domain", "0x0000", "bus", bus, "slot", "0x00",
                      "function", "0x0", NULL);
    aqr_xml_close(xml);
}

char *
aqr_domain_gpus_hostdev(const AqrVmSpec *spec, unsigned number)
{
    g_autoptr(AqrXml) xml = aqr_xml_new();

    write_gpu(xml, spec, number);
    return aqr_xml_end(xml);
}

static void
write_companions(AqrXml *xml, const AqrVmGpus *gpus)
{
    for (unsigned i = 0; i < gpus->companions->len; i++) {
        open_function(xml, &g_array_index(gpus->companions, AqrPciAddress, i), gpus->managed);
        aqr_xml_empty(xml, "address", "type", "unassigned", NULL);
        aqr_xml_close(xml);
    }
}

void
aqr_domain_gpus_write(AqrXml *xml, const AqrVmSpec *spec)
{
    unsigned n = are_plugged_later(spec) ? 0 : spec->gpus.gpus->len;

    if (aqr_domain_gpus_can_be_plugged(spec) && spec->gpus.gpus->len > 0)
        write_ports(xml, spec);
    for (unsigned i = 0; i < n; i++)
        write_gpu(xml, spec, i);
    if (spec->warm.use != AQR_WARM_SAVE)
        write_companions(xml, &spec->gpus);
}
