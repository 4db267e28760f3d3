/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/host-checks.h"

#include <string.h>

#include "support/check-main.h"
#include "support/fake-host.h"

#define NOTHING (-1) /* the check does not apply */
#define ROOT fake_host_new
#define USER fake_host_new_for_user

/* Each check, and what it makes of a host that is good but for what is spoilt. */
static const struct {
    const char *id;
    AqrHostFacts *(*host)(void);
    const char *spoilt; /* for fake_host_spoil() */
    int severity;
    const char *told; /* a part of "title|hint" */
} rows[] = {
    { "machine.gpus", ROOT, "", AQR_PASS, "AMD GPUs: 1" },
    { "machine.gpus", ROOT, "gpus=0", AQR_FAIL, "no AMD GPU in this host" },
    { "machine.gpus", ROOT, "gpus_trouble=no PCI bus", AQR_FAIL, "unknown: the GPUs: no PCI bus" },
    { "machine.gpus", ROOT, "missing_gpus=0000:09:00.0", AQR_FAIL, "no AMD GPU at 0000:09:00.0" },
    { "machine.cpu", ROOT, "", AQR_PASS, "can run" },
    { "machine.cpu", ROOT, "cpu_virt=no", AQR_FAIL, "neither AMD-V nor VT-x" },
    { "machine.cpu", ROOT, "cpu_virt=unknown", AQR_WARN, "unknown: " },
    { "machine.kvm", ROOT, "", AQR_PASS, "root may use KVM" },
    { "machine.kvm", USER, "", AQR_PASS, "rocky may use KVM" },
    { "machine.kvm", ROOT, "kvm.exists=no", AQR_FAIL, "no /dev/kvm" },
    { "machine.kvm", USER, "groups=rocky render", AQR_FAIL, "/dev/kvm is not for rocky" },
    { "machine.kvm", USER, "kvm_trouble=it hangs", AQR_FAIL, "KVM does not work: it hangs" },
    { "machine.kvm", USER, "user_is_caller=false; kvm_trouble=not for you", AQR_PASS,
      "rocky may use KVM" },
    { "machine.iommu", ROOT, "", AQR_PASS, "40" },
    { "machine.iommu", ROOT, "n_iommu_groups=0", AQR_FAIL, "\"amd_iommu=on iommu=pt\"" },
    { "machine.iommu", ROOT, "n_iommu_groups=0; has_amd_cpu=false", AQR_FAIL,
      "\"intel_iommu=on iommu=pt\"" },
    { "machine.iommu", ROOT, "n_iommu_groups=0; command_line=quiet amd_iommu=on", AQR_FAIL,
      "the kernel has amd_iommu=on already" },
    { "machine.atomics", ROOT, "", AQR_PASS, "" },
    { "machine.atomics", ROOT, "kernel_release=6.1.0-21-amd64", AQR_WARN,
      "install a kernel of 6.5 or later; without" },
    { "machine.atomics", ROOT, "qemu_version=QEMU emulator version 7.2.22", AQR_WARN,
      "install a QEMU of 8.1 or later; without" },
    { "machine.atomics", ROOT, "kernel_release=", AQR_WARN, "unknown: " },
    { "machine.memory", ROOT, "", AQR_PASS, "64.0 GiB" },
    { "machine.memory", ROOT, "ram_mib=31744", AQR_PASS, "31.0 GiB" },
    { "machine.memory", ROOT, "ram_mib=31743", AQR_WARN, "" },
    { "machine.memory", ROOT, "ram_mib=15360", AQR_WARN, "" },
    { "machine.memory", ROOT, "ram_mib=15359", AQR_FAIL, "" },
    { "machine.memory", ROOT, "ram_mib=0", AQR_WARN, "unknown: " },
    { "machine.hugepages", ROOT, "hugepages_mib=2048", AQR_PASS, "2048 MiB" },
    { "machine.space", ROOT, "", AQR_PASS, "/tmp (overlays): 100.0 GiB" },
    { "machine.space", ROOT, "space=20480", AQR_PASS, "free space" },
    { "machine.space", ROOT, "space=20479", AQR_WARN, "free space" },
    { "machine.space", ROOT, "space=2048", AQR_WARN, "free space" },
    { "machine.space", ROOT, "space=2047", AQR_FAIL, "free space" },
    { "machine.space", ROOT, "space=max", AQR_WARN,
      "unknown: free space: /tmp (overlays): unknown" },
    { "vfio.modules", ROOT, "", AQR_PASS, "" },
    { "vfio.modules", ROOT, "vfio_pci=loaded", AQR_PASS, "" },
    { "vfio.modules", ROOT, "vfio_pci=missing", AQR_FAIL, "do not load: vfio-pci|" },
    { "vfio.modules", ROOT, "vfio_type1=missing; vfio=unknown", AQR_FAIL,
      "do not load: vfio_iommu_type1|" },
    { "vfio.modules", ROOT, "vfio=unknown", AQR_WARN,
      "unknown: whether these kernel modules are there: vfio|" },
    { "vfio.blacklist", ROOT, "", AQR_PASS, "" },
    { "vfio.blacklist", ROOT, "modprobe=blacklist vfio-pci", AQR_FAIL, "blacklisted: vfio_pci" },
    { "vfio.blacklist", ROOT, "vfio_pci=loaded; modprobe=blacklist vfio-pci", AQR_WARN,
      "blacklisted: vfio_pci" },
    { "vfio.blacklist", ROOT, "modprobe=install vfio-pci /bin/false", AQR_FAIL, "never loaded" },
    { "vfio.autoload", ROOT, "", AQR_PASS, "when it is needed" },
    { "vfio.autoload", USER, "", AQR_PASS, "when the host boots" },
    { "vfio.autoload", USER,
      "vfio_conf.autoload=false; libvirt_socket.exists=yes; groups=rocky kvm libvirt", AQR_WARN,
      "and not loaded now" },
    { "vfio.autoload", USER, "vfio_conf.autoload=false; vfio_pci=loaded", AQR_WARN,
      "it is loaded now" },
    { "vfio.autoload", USER, "vfio_conf.autoload=false", AQR_WARN, "modules-load.d" },
    { "vfio.autoload", USER, "vfio_conf.autoload=false; modprobe=softdep amdgpu pre: vfio-pci",
      AQR_PASS, "when the host boots" },
    { "vfio.ids", ROOT, "", NOTHING, "" },
    { "vfio.ids", ROOT, "modprobe=options vfio-pci ids=1002:73bf", AQR_WARN,
      "every card of these models: ids=1002:73bf" },
    { "vfio.udev", ROOT, "", AQR_PASS, "libvirt needs no more" },
    { "vfio.udev", USER, "", AQR_PASS, "to the group render" },
    { "vfio.udev", USER, "udev.has_rule=false; udev.group=; udev.mode=", AQR_FAIL,
      "no rule for VFIO" },
    { "vfio.udev", USER, "udev.has_rule=false; udev.group=; udev.mode=; udev.has_rule=true",
      AQR_FAIL, "names no group" },
    { "vfio.udev", USER, "groups=rocky kvm", AQR_FAIL,
      "to the group render, and rocky is not in it" },
    { "vfio.udev", USER, "udev.mode=0600", AQR_FAIL, "mode 0600" },
    { "vfio.udev", USER, "udev.mode=", AQR_PASS, "to the group render" },
    { "vfio.udev-syntax", USER, "", NOTHING, "" },
    { "vfio.udev-syntax", USER, "udev.n_bad=2", AQR_WARN, "does not take: 2" },
    { "vfio.leases", ROOT, "", AQR_PASS, "" },
    { "vfio.leases", ROOT, "lease_dir.exists=no", AQR_WARN, "is not there yet" },
    { "vfio.leases", ROOT, "lease_dir.exists=unknown", AQR_WARN, "unknown: " },
    { "vfio.leases", ROOT, "lease_dir.owner.uid=1000", AQR_FAIL, "not safe: uid 1000" },
    { "vfio.leases", ROOT, "lease_dir.owner.mode=040777", AQR_FAIL, "mode 0777" },
    { "vfio.leases", ROOT, "lease_dir.owner.mode=0101777", AQR_FAIL, "is no directory" },
    { "vfio.unreadable", ROOT, "", NOTHING, "" },
    { "vfio.unreadable", ROOT, "unreadable=/etc/x: no", AQR_WARN,
      "unknown: some of the configuration: /etc/x: no|see what" },
    { "vfio.unreadable", USER, "unreadable=/etc/x: no", AQR_WARN, "|run this as root" },
    { "software.qemu", ROOT, "", AQR_PASS, "10.0.13" },
    { "software.qemu", ROOT, "qemu_version=", AQR_FAIL, "qemu-system-x86" },
    { "software.qemu", ROOT, "qemu_vfio=no", AQR_FAIL, "has no vfio-pci" },
    { "software.qemu", ROOT, "qemu_vfio=unknown", AQR_WARN, "unknown: " },
    { "software.libvirt", ROOT, "", AQR_PASS, "answers at /run/libvirt/libvirt-sock" },
    { "software.libvirt", USER, "", AQR_PASS, "qemu:///embed" },
    { "software.libvirt", USER, "qemu_driver=no", AQR_FAIL, "no driver for QEMU" },
    { "software.libvirt", USER, "qemu_driver=unknown", AQR_WARN, "unknown: " },
    { "software.libvirt", ROOT, "libvirt_trouble=refused", AQR_WARN, "does not answer: refused" },
    { "software.ovmf", ROOT, "", AQR_PASS, "" },
    { "software.ovmf", ROOT, "has_ovmf=false", AQR_FAIL, "apt install ovmf" },
    { "software.autopkgtest", ROOT, "", AQR_PASS, "autopkgtest 5.49" },
    { "software.autopkgtest", ROOT, "autopkgtest_version=", AQR_FAIL, "no autopkgtest" },
    { "software.image-tools", ROOT, "", AQR_PASS, "qemu-img, mmdebstrap, autopkgtest-build-qemu" },
    { "software.image-tools", ROOT, "has_mmdebstrap=false", AQR_PASS,
      "qemu-img, autopkgtest-build-qemu" },
    { "software.image-tools", ROOT, "has_mmdebstrap=false; has_build_qemu=false", AQR_WARN,
      "no tool to make images" },
    { "software.image-tools", ROOT, "has_qemu_img=false", AQR_FAIL, "no qemu-img" },
    { "software.apt-cache", ROOT, "", AQR_PASS, ":3142" },
    { "software.apt-cache", ROOT, "apt_proxy=", AQR_WARN, "no APT cache" },
    { "user.way", ROOT, "", AQR_PASS, "for root" },
    { "user.way", USER, "", AQR_PASS, "QEMU runs as this user" },
    { "user.way", USER, "libvirt_socket.exists=yes; groups=rocky kvm libvirt", AQR_PASS,
      "for rocky: libvirt's daemon" },
    { "user.way", USER,
      "libvirt_socket.exists=yes; groups=rocky kvm libvirt; libvirt_trouble=refused", AQR_PASS,
      "QEMU runs as this user" },
    { "user.way", USER,
      "libvirt_socket.exists=yes; groups=rocky kvm libvirt; libvirt_trouble=refused; "
      "user_is_caller=false",
      AQR_PASS, "for rocky: libvirt's daemon" },
    { "user.way", USER,
      "libvirt_socket.exists=yes; groups=rocky kvm libvirt; libvirt_trouble=refused; "
      "user_is_caller=false; is_root=true",
      AQR_PASS, "QEMU runs as this user" },
    { "user.way", USER, "user.exists=false", AQR_FAIL, "there is no user rocky" },
    { "user.session", USER, "", NOTHING, "" },
    { "user.session", USER, "missing_groups=kvm render", AQR_WARN, "not in yet: kvm, render" },
    { "user.render", ROOT, "", AQR_PASS, "root needs no group" },
    { "user.render", USER, "", AQR_PASS, "rocky is in the group render" },
    { "user.render", USER, "groups=rocky kvm", AQR_FAIL,
      "not in the group render|adduser rocky render" },
    { "user.render", USER, "libvirt_socket.exists=yes; groups=rocky kvm libvirt", AQR_PASS,
      "need not be" },
    { "user.memlock", ROOT, "", AQR_PASS, "libvirt raises that" },
    { "user.memlock", USER, "", AQR_PASS, "enough memory: unlimited" },
    { "user.memlock", USER, "memlock_now.hard=8388608", AQR_WARN,
      "not in this session|log in again" },
    { "user.memlock", USER, "memlock=8388608", AQR_FAIL,
      "too little memory: 8.0 MiB; a guest of 3/4 of the host's needs 49.0 GiB" },
    { "user.memlock", USER, "memlock=52613349376", AQR_PASS, "enough memory: 49.0 GiB" },
    { "user.memlock", USER, "memlock=52613349375", AQR_FAIL, "too little" },
    { "user.memlock", USER, "memlock=max; user_is_caller=false", AQR_FAIL,
      "too little memory: untold" },
    { "user.memlock", USER, "user_is_caller=false; memlock_now.soft=0", AQR_PASS,
      "enough memory: unlimited" },
    { "user.memlock", USER, "libvirt_socket.exists=yes; groups=rocky kvm libvirt; memlock=8388608",
      AQR_PASS, "libvirt raises that" },
    { "user.memlock", USER, "user.exists=false", NOTHING, "" },
    { "user.debci", ROOT, "", NOTHING, "" },
    { "user.debci", ROOT, "has_debci=true", AQR_WARN, "no user debci" },
    { "user.debci", ROOT, "debci=kvm", AQR_WARN, "not in the groups kvm and libvirt" },
    { "user.debci", ROOT, "debci=kvm libvirt", AQR_PASS, "kvm and libvirt" },
    { "user.debci", USER, "debci=kvm render", AQR_PASS, "kvm and render" },
    { "gpu.identity", ROOT, "", AQR_PASS,
      "AMD Radeon RX 6800 XT (1002:73bf), gfx1030 by its id; with 0000:03:00.1 (1002:ab28)" },
    { "gpu.identity", ROOT, "gfx=", AQR_WARN, "gfx target unknown; with" },
    { "gpu.passable", ROOT, "", AQR_PASS, "" },
    { "gpu.passable", ROOT, "gpu.iommu_group=-1", AQR_FAIL, "IOMMU" },
    { "gpu.group", ROOT, "", AQR_PASS, "IOMMU group 15" },
    { "gpu.group", ROOT, "gpu.iommu_group=-1", AQR_FAIL, "in no IOMMU group" },
    { "gpu.group", ROOT, "foreign=1", AQR_FAIL, "not the card's: 0000:03:00.1 (1002:ab28)" },
    { "gpu.driver", ROOT, "", AQR_PASS, "0000:03:00.0: amdgpu, 0000:03:00.1: snd_hda_intel" },
    { "gpu.driver", USER, "", AQR_PASS, "on vfio-pci, with all that goes along" },
    { "gpu.driver", USER, "driver1=snd_hda_intel", AQR_FAIL,
      "not all are on vfio-pci (0000:03:00.0: vfio-pci, 0000:03:00.1: snd_hda_intel)|as root: "
      "driverctl set-override 0000:03:00.0" },
    { "gpu.driver", USER, "driver0=", AQR_FAIL, "0000:03:00.0: none" },
    { "gpu.driver", USER, "driver0=amdgpu; libvirt_socket.exists=yes; groups=rocky kvm libvirt",
      AQR_PASS, "libvirt takes it" },
    { "gpu.node", ROOT, "", NOTHING, "" },
    { "gpu.node", USER, "", AQR_PASS, "rocky may open /dev/vfio/15" },
    { "gpu.node", USER, "gpu.node.owner.mode=020600", AQR_FAIL,
      "may not open /dev/vfio/15 (mode 0600" },
    { "gpu.node", USER, "gpu.node.exists=no", AQR_FAIL, "there is no /dev/vfio/15" },
    { "gpu.node", USER, "gpu.node.exists=unknown", AQR_WARN, "unknown: " },
    { "gpu.reset", ROOT, "", AQR_PASS, "with its bus, when all functions" },
    { "gpu.reset", ROOT, "resets=flr bus", AQR_PASS, "flr, bus" },
    { "gpu.reset", ROOT, "gfx=gfx906", AQR_WARN, "gfx906 cards" },
    { "gpu.reset", ROOT, "gfx=gfx906; resets=device_specific bus", AQR_PASS, "device_specific" },
    { "gpu.reset", ROOT, "together=1", AQR_PASS, "it is reset with its bus|" },
    { "gpu.reset", ROOT, "together=1; gpu.has_parent=false", AQR_WARN, "no way to reset" },
    { "gpu.power", ROOT, "", AQR_PASS, "power state D0, D3cold allowed" },
    { "gpu.power", ROOT, "gpu.power_state=", AQR_WARN, "unknown: its power state" },
    { "gpu.power", ROOT, "gfx=gfx1201", AQR_WARN, "may not wake from D3cold" },
    { "gpu.power", ROOT, "gfx=gfx1201; vfio_conf.disable_idle_d3=true", AQR_PASS, "" },
    { "gpu.power", ROOT, "gfx=gfx1201; gpu.d3cold_allowed=false", AQR_PASS, "D3cold not allowed" },
    { "gpu.power", ROOT, "lost=", AQR_FAIL, "fallen off the bus" },
    { "gpu.atomics", ROOT, "", AQR_PASS, "" },
    { "gpu.atomics", ROOT, "atomics=no", AQR_WARN, "no PCIe atomics: why not" },
    { "gpu.atomics", ROOT, "atomics=no; gfx=gfx803", AQR_FAIL, "no PCIe atomics: why not" },
    { "gpu.atomics", ROOT, "atomics=unknown", AQR_WARN, "unknown: PCIe atomics: why not" },
    { "gpu.atomics", USER, "atomics=unknown", AQR_WARN, "|run this as root" },
    { "gpu.display", ROOT, "", AQR_PASS, "" },
    { "gpu.display", ROOT, "gpu.boot_vga=true", AQR_FAIL, "it is the host's display" },
    { "gpu.display", USER, "gpu.boot_vga=true", AQR_WARN, "the firmware shows" },
    { "gpu.use", ROOT, "", AQR_PASS, "free" },
    { "gpu.use", ROOT, "gpu.held_by=pid 7", AQR_PASS, "in use now: pid 7" },
    { "gpu.use", ROOT, "gpu.quarantined=lost", AQR_FAIL,
      "in quarantine: lost|rocm-qemu-gpus release 0000:03:00.0" },
};

static const AqrFinding *
find(const GPtrArray *findings, const char *id)
{
    for (guint i = 0; i < findings->len; i++) {
        const AqrFinding *finding = g_ptr_array_index(findings, i);

        if (strcmp(finding->id, id) == 0)
            return finding;
    }
    return NULL;
}

static void
compare(const AqrFinding *finding, int severity, const char *told)
{
    g_autofree char *text = NULL;

    ck_assert_int_eq(finding == NULL, severity == NOTHING);
    if (finding == NULL)
        return;
    text = g_strdup_printf("%s|%s", finding->title, finding->hint == NULL ? "" : finding->hint);
    ck_assert_msg((int)finding->severity == severity && strstr(text, told) != NULL, "%d: %s",
                  (int)finding->severity, text);
}

START_TEST(judges)
{
    g_autoptr(AqrHostFacts) facts = rows[_i].host();
    g_autoptr(GPtrArray) findings = NULL;

    fake_host_spoil(facts, rows[_i].spoilt);
    findings = aqr_host_checks_judge(facts);
    compare(find(findings, rows[_i].id), rows[_i].severity, rows[_i].told);
}
END_TEST

START_TEST(has_a_row_for_each_check)
{
    static const AqrHostCheck *const tables[] = { aqr_machine_checks, aqr_vfio_checks,
                                                  aqr_software_checks, aqr_user_checks };
    guint n_missing = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const AqrHostCheck *check = tables[i]; check->id != NULL; check++) {
            gboolean found = FALSE;

            for (gsize row = 0; row < G_N_ELEMENTS(rows); row++)
                found |= strcmp(rows[row].id, check->id) == 0;
            n_missing += !found;
        }
    }
    ck_assert_uint_eq(n_missing, 0);
}
END_TEST

static const struct {
    AqrHostFacts *(*host)(void);
    guint n_worse; /* than PASS */
} hosts[] = {
    { fake_host_new, 0 },
    { fake_host_new_for_user, 0 },
    { fake_host_new_bare, 18 },
};

START_TEST(counts)
{
    g_autoptr(AqrHostFacts) facts = hosts[_i].host();
    g_autoptr(GPtrArray) findings = aqr_host_checks_judge(facts);

    ck_assert_uint_eq(findings->len - aqr_findings_count(findings, AQR_PASS), hosts[_i].n_worse);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, judges, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, has_a_row_for_each_check);
    tcase_add_loop_test(tcase, counts, 0, G_N_ELEMENTS(hosts));
}
