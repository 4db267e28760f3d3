/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/domain-xml.h"

#include "base/xml.h"
#include "core/domain-disks.h"
#include "core/domain-gpus.h"
#include "core/domain-warm.h"
#include "core/link-wire.h"
#include "core/qemu-args.h"

#define PRINTED(name, ...) g_autofree char *name = g_strdup_printf(__VA_ARGS__)

/* By this "virsh dumpxml" tells a testbed of ours, the process that it belongs to (a
 * pid alone may be used anew), and the image that it runs. */
#define METADATA_URI "https://salsa.debian.org/rocm-team/autopkgtest-virt-qemu-rocm"

static void
write_metadata(AqrXml *xml, const AqrVmSpec *spec)
{
    const AqrDisk *base = g_ptr_array_index(spec->disks, 0);
    PRINTED(owner, "%u", spec->owner);
    PRINTED(since, "%" G_GUINT64_FORMAT, spec->since);

    aqr_xml_open(xml, "metadata", NULL);
    aqr_xml_open(xml, "aqr:testbed", "xmlns:aqr", METADATA_URI, NULL);
    aqr_xml_empty(xml, "aqr:owner", "pid", owner, "start", since, NULL);
    aqr_xml_text(xml, "aqr:image", base->file, NULL);
    aqr_xml_close(xml);
    aqr_xml_close(xml);
}

/* Who names a machine himself gets it from libvirt too: each kind has its own
 * buses, and libvirt gives the devices their places. */
static void
write_os(AqrXml *xml, const AqrVmSpec *spec)
{
    g_autofree char *machine = aqr_qemu_args_machine((const char *const *)spec->qemu_args);

    aqr_xml_open(xml, "os", NULL);
    aqr_xml_text(xml, "type", "hvm", "arch", aqr_arch_to_libvirt(spec->arch), "machine",
                 machine == NULL ? "q35" : machine, NULL);
    aqr_xml_text(xml, "loader", spec->firmware, "readonly", "yes", "type", "pflash", NULL);
    aqr_xml_text(xml, "nvram", spec->nvram, NULL);
    aqr_xml_empty(xml, "boot", "dev", "hd", NULL);
    aqr_xml_close(xml);
}

/* What the emulated processor is better off without, as a guest uses what it finds
 * (measured with QEMU 7.2, Linux 6.1):
 * - erms, and fsrm of later QEMUs: Linux then copies and clears memory by "rep movsb"
 *   and "rep stosb", which TCG carries out byte by byte. Reading a cached file is three
 *   times as fast without, writing one 1.4 times.
 * - smap: every access to a program's memory is put between STAC and CLAC, which end
 *   TCG's translated blocks.
 * - la57: page tables of five levels, all walked at each miss of the emulated TLB.
 * - svm: udev loads KVM, to emulate a machine in an emulated machine. */
static const char *const slow_under_tcg[] = { "erms", "fsrm", "smap", "la57", "svm" };

static void
write_cpu(AqrXml *xml, gboolean kvm)
{
    aqr_xml_open(xml, "cpu", "mode", kvm ? "host-passthrough" : "maximum", NULL);
    for (gsize i = 0; !kvm && i < G_N_ELEMENTS(slow_under_tcg); i++)
        aqr_xml_empty(xml, "feature", "policy", "disable", "name", slow_under_tcg[i], NULL);
    aqr_xml_close(xml);
}

/* TCG keeps what it has translated. A guest that restarts writes over all of that, and
 * QEMU 7.2 forgets one block at a time, each time with all of a cache of jumps: a
 * reboot took twice the processor time of a cold boot. It forgets all at once when its
 * buffer is full, so a smaller one than its 1 GiB is better, and large enough. */
#define TRANSLATED_MIB "128"

static void
write_tcg(AqrXml *xml)
{
    aqr_xml_open(xml, "tcg", NULL);
    aqr_xml_text(xml, "tb-cache", TRANSLATED_MIB, "unit", "MiB", NULL);
    aqr_xml_close(xml);
}

/* SeaBIOS on q35 enters SMM for every disk call, which makes GRUB crawl under
 * TCG; only secure boot needs SMM. */
static void
write_machine(AqrXml *xml, const AqrVmSpec *spec)
{
    gboolean kvm = spec->accel == AQR_ACCEL_KVM;

    aqr_xml_open(xml, "features", NULL);
    aqr_xml_empty(xml, "acpi", NULL);
    aqr_xml_empty(xml, "apic", NULL);
    aqr_xml_empty(xml, "smm", "state", "off", NULL);
    if (!kvm)
        write_tcg(xml);
    aqr_xml_close(xml);
    if (!aqr_qemu_args_have((const char *const *)spec->qemu_args, "cpu"))
        write_cpu(xml, kvm);
    aqr_xml_empty(xml, "clock", "offset", "utc", NULL);
    aqr_xml_text(xml, "on_poweroff", "destroy", NULL);
    aqr_xml_text(xml, "on_reboot", "restart", NULL);
    aqr_xml_text(xml, "on_crash", "destroy", NULL);
}

/* QEMU connects to sockets that we listen on: so nothing has to be waited for,
 * and it needs no more rights than to reach them. */
static void
write_socket(AqrXml *xml, const AqrVmSpec *spec, AqrSocket which)
{
    g_autofree char *path = aqr_vm_spec_socket_path(spec->socket_dir, which);

    aqr_xml_empty(xml, "source", "mode", "connect", "path", path, NULL);
}

static void
write_serial(AqrXml *xml, const AqrVmSpec *spec, AqrSocket which, const char *port)
{
    aqr_xml_open(xml, "serial", "type", "unix", NULL);
    write_socket(xml, spec, which);
    aqr_xml_empty(xml, "target", "port", port, NULL);
    aqr_xml_close(xml);
}

/* libvirt takes the first console for another name of the first serial port. */
static void
write_console(AqrXml *xml, const AqrVmSpec *spec, AqrSocket which, const char *type,
              const char *port)
{
    aqr_xml_open(xml, "console", "type", "unix", NULL);
    write_socket(xml, spec, which);
    aqr_xml_empty(xml, "target", "type", type, "port", port, NULL);
    aqr_xml_close(xml);
}

static void
write_links(AqrXml *xml, const AqrVmSpec *spec)
{
    write_serial(xml, spec, AQR_SOCKET_TTYS0, "0");
    write_serial(xml, spec, AQR_SOCKET_TTYS1, "1");
    write_console(xml, spec, AQR_SOCKET_TTYS0, "serial", "0");
    write_console(xml, spec, AQR_SOCKET_HVC0, "virtio", "1");
    write_console(xml, spec, AQR_SOCKET_HVC1, "virtio", "2");
    aqr_xml_open(xml, "channel", "type", "unix", NULL);
    write_socket(xml, spec, AQR_SOCKET_LINK);
    aqr_xml_empty(xml, "target", "type", "virtio", "name", AQR_WIRE_PORT, NULL);
    aqr_xml_close(xml);
}

/* Always the same, as the network is the VM's own. libvirt would choose one for each domain, and
 * a restored guest, which knows that of the saved one, would have another after a reboot. */
#define MAC_ADDRESS "52:54:00:61:71:72"

/* Nobody boots from the network, so the firmware need not load iPXE for it: under
 * TCG that took 2 to 4 s of each boot. */
static void
write_network(AqrXml *xml)
{
    aqr_xml_open(xml, "interface", "type", "user", NULL);
    aqr_xml_empty(xml, "mac", "address", MAC_ADDRESS, NULL);
    aqr_xml_empty(xml, "model", "type", "virtio", NULL);
    aqr_xml_empty(xml, "rom", "enabled", "no", NULL);
    aqr_xml_close(xml);
}

/* 9p and not virtiofs: it is QEMU's own, so it needs no root, no daemon and no
 * shared memory, and QEMU keeps to what is read-only; virtiofsd cannot. With
 * "squash" a QEMU that may not change owners lets the guest's chown() pass. */
static void
write_shared_dir(AqrXml *xml, const AqrSharedDir *dir, unsigned number)
{
    g_autofree char *tag = aqr_shared_dir_tag(number);

    aqr_xml_open(xml, "filesystem", "type", "mount", "accessmode", "squash", NULL);
    aqr_xml_empty(xml, "source", "dir", dir->source, NULL);
    aqr_xml_empty(xml, "target", "dir", tag, NULL);
    if (!dir->writable)
        aqr_xml_empty(xml, "readonly", NULL);
    aqr_xml_close(xml);
}

static void
write_devices(AqrXml *xml, const AqrVmSpec *spec)
{
    aqr_xml_open(xml, "devices", NULL);
    aqr_xml_text(xml, "emulator", spec->emulator, NULL);
    aqr_domain_disks_write(xml, spec);
    for (unsigned i = 0; i < spec->shared_dirs->len; i++)
        write_shared_dir(xml, g_ptr_array_index(spec->shared_dirs, i), i);
    aqr_xml_empty(xml, "controller", "type", "usb", "model", "none", NULL);
    write_network(xml);
    write_links(xml, spec);
    aqr_domain_gpus_write(xml, spec);
    aqr_xml_open(xml, "rng", "model", "virtio", NULL);
    aqr_xml_text(xml, "backend", "/dev/urandom", "model", "random", NULL);
    aqr_xml_close(xml);
    aqr_xml_empty(xml, "memballoon", "model", "none", NULL);
    /* A kernel that panics says so here; otherwise only a time-out would tell. */
    aqr_xml_empty(xml, "panic", "model", "isa", NULL);
    aqr_xml_close(xml);
}

/* libvirt starts QEMU with -no-shutdown and ends it when the guest has powered off.
 * Where libvirt works inside of us and we have been killed, nobody would: QEMU has
 * to end of itself. */
static void
write_qemu_args(AqrXml *xml, const AqrVmSpec *spec)
{
    aqr_xml_open(xml, "qemu:commandline", NULL);
    aqr_xml_empty(xml, "qemu:arg", "value", "-action", NULL);
    aqr_xml_empty(xml, "qemu:arg", "value", "shutdown=poweroff", NULL);
    aqr_domain_warm_write_args(xml, spec);
    for (char **arg = spec->qemu_args; arg != NULL && *arg != NULL; arg++)
        aqr_xml_empty(xml, "qemu:arg", "value", *arg, NULL);
    aqr_xml_close(xml);
}

char *
aqr_domain_xml(const AqrVmSpec *spec)
{
    g_autoptr(AqrXml) xml = aqr_xml_new();
    PRINTED(ram, "%" G_GUINT64_FORMAT, spec->ram_mib);
    PRINTED(cpus, "%u", spec->cpus);

    aqr_xml_open(xml, "domain", "type", spec->accel == AQR_ACCEL_KVM ? "kvm" : "qemu", "xmlns:qemu",
                 "http://libvirt.org/schemas/domain/qemu/1.0", NULL);
    aqr_xml_text(xml, "name", spec->name, NULL);
    if (spec->warm.use != AQR_WARM_NONE)
        aqr_xml_empty(xml, "genid", NULL); /* a new one each time: Linux then reseeds its RNG */
    write_metadata(xml, spec);
    aqr_xml_text(xml, "memory", ram, "unit", "MiB", NULL);
    aqr_xml_text(xml, "vcpu", cpus, NULL);
    write_os(xml, spec);
    write_machine(xml, spec);
    write_devices(xml, spec);
    write_qemu_args(xml, spec);
    aqr_domain_gpus_write_overrides(xml, spec);
    aqr_xml_close(xml);
    return aqr_xml_end(xml);
}
