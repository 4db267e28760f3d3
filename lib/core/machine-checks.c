/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the machine and its kernel offer. */
#include <string.h>

#include "core/host-checks.h"
#include "core/version.h"

#define ENOUGH_RAM_MIB (31 * 1024) /* what a machine sold with 32 GiB shows */
#define LEAST_RAM_MIB (15 * 1024)  /* likewise with 16 */
#define ENOUGH_SPACE_MIB (20 * 1024)
#define LEAST_SPACE_MIB (2 * 1024)

static void
judge_gpus(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (facts->gpus_trouble != NULL) {
        aqr_finding_set(finding, AQR_FAIL, NULL, "unknown: the GPUs: %s", facts->gpus_trouble);
    } else if (facts->missing_gpus != NULL) {
        g_autofree char *list = g_strjoinv(", ", facts->missing_gpus);

        aqr_finding_set(finding, AQR_FAIL, "see \"lspci -nn -d 1002:\" for what there is",
                        "no AMD GPU at %s", list);
    } else if (facts->gpus->len == 0) {
        aqr_finding_set(finding, AQR_FAIL,
                        "put one in; if there is one, see whether \"lspci -d 1002:\" shows it",
                        "no AMD GPU in this host");
    } else {
        aqr_finding_pass(finding, "AMD GPUs: %u", facts->gpus->len);
    }
}

static void
judge_cpu(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (facts->cpu_virt == AQR_FACT_YES)
        aqr_finding_pass(finding, "the processor can run virtual machines");
    else if (facts->cpu_virt == AQR_FACT_NO)
        aqr_finding_set(finding, AQR_FAIL, "turn AMD-V (SVM) or VT-x on in the firmware's set-up",
                        "the processor offers neither AMD-V nor VT-x");
    else
        aqr_finding_unknown(finding, NULL, "whether the processor can run virtual machines");
}

static void
judge_kvm(const AqrHostFacts *facts, AqrFinding *finding)
{
    g_autofree char *hint = NULL;

    if (facts->kvm.exists != AQR_FACT_YES) {
        aqr_finding_set(finding, AQR_FAIL, "modprobe kvm_amd, or kvm_intel", "no %s",
                        facts->kvm.path);
    } else if (!aqr_host_user_may_use(&facts->user, &facts->kvm.owner)) {
        hint = g_strdup_printf("adduser %s kvm; --apply does", facts->user.name);
        aqr_finding_set(finding, AQR_FAIL, hint, "%s is not for %s", facts->kvm.path,
                        facts->user.name);
    } else if (facts->kvm_trouble != NULL && (facts->is_root || facts->user_is_caller)) {
        aqr_finding_set(finding, AQR_FAIL, "turn virtualisation on in the firmware's set-up",
                        "KVM does not work: %s", facts->kvm_trouble);
    } else {
        aqr_finding_pass(finding, "%s may use KVM", facts->user.name);
    }
}

/* The kernel's option for it, where it is not given yet. */
static char *
iommu_hint(const AqrHostFacts *facts)
{
    const char *option = facts->has_amd_cpu ? "amd_iommu=on" : "intel_iommu=on";

    if (facts->command_line != NULL && strstr(facts->command_line, option) != NULL)
        return g_strdup_printf("turn the IOMMU (AMD-Vi, VT-d) on in the firmware's set-up; the "
                               "kernel has %s already",
                               option);
    return g_strdup_printf("turn the IOMMU (AMD-Vi, VT-d) on in the firmware's set-up, and add "
                           "\"%s iommu=pt\" to the kernel's command line",
                           option);
}

static void
judge_iommu(const AqrHostFacts *facts, AqrFinding *finding)
{
    g_autofree char *hint = iommu_hint(facts);

    if (facts->n_iommu_groups > 0)
        aqr_finding_pass(finding, "IOMMU groups: %u", facts->n_iommu_groups);
    else
        aqr_finding_set(finding, AQR_FAIL, hint, "no IOMMU groups: no device can be passed");
}

static void
judge_atomics(const AqrHostFacts *facts, AqrFinding *finding)
{
    gboolean kernel = aqr_version_is_at_least(facts->kernel_release, 6, 5);
    gboolean qemu = aqr_version_is_at_least(facts->qemu_version, 8, 1);
    g_autofree char *hint = NULL;

    if (facts->kernel_release == NULL) {
        aqr_finding_unknown(finding, NULL, "the kernel's version");
    } else if (kernel && qemu) {
        aqr_finding_pass(finding, "kernel and QEMU can give guests PCIe atomics");
    } else {
        hint = g_strdup_printf(
            "install a %s%s%s; without atomics, kernels that print or assert fail, and "
            "Polaris and Fiji cards do not work",
            kernel ? "" : "kernel of 6.5 or later", kernel || qemu ? "" : ", and a ",
            qemu ? "" : "QEMU of 8.1 or later");
        aqr_finding_set(finding, AQR_WARN, hint, "no PCIe atomics in guests");
    }
}

static void
judge_ram(const AqrHostFacts *facts, AqrFinding *finding)
{
    static const char hint[] = "tests of the large libraries want a host with 32 GiB; VFIO pins "
                               "all of a guest's memory";
    double gib = (double)facts->ram_mib / 1024;

    if (facts->ram_mib == 0)
        aqr_finding_unknown(finding, NULL, "how much memory there is");
    else if (facts->ram_mib >= ENOUGH_RAM_MIB)
        aqr_finding_pass(finding, "memory: %.1f GiB", gib);
    else
        aqr_finding_set(finding, facts->ram_mib >= LEAST_RAM_MIB ? AQR_WARN : AQR_FAIL, hint,
                        "memory: %.1f GiB", gib);
}

/* They shorten the start of large guests; nothing depends on them. */
static void
judge_hugepages(const AqrHostFacts *facts, AqrFinding *finding)
{
    aqr_finding_pass(finding, "huge pages: %" G_GUINT64_FORMAT " MiB reserved",
                     facts->hugepages_mib);
}

static void
add_space(GString *list, const AqrHostSpace *space)
{
    g_string_append_printf(list, "%s%s (%s): ", list->len > 0 ? ", " : "", space->path,
                           space->purpose);
    if (space->free_mib == G_MAXUINT64)
        g_string_append(list, "unknown");
    else
        g_string_append_printf(list, "%.1f GiB", (double)space->free_mib / 1024);
}

static void
judge_space(const AqrHostFacts *facts, AqrFinding *finding)
{
    g_autoptr(GString) list = g_string_new(NULL);
    guint64 least = G_MAXUINT64;
    gboolean unknown = FALSE;

    for (guint i = 0; i < facts->spaces->len; i++) {
        const AqrHostSpace *space = g_ptr_array_index(facts->spaces, i);

        add_space(list, space);
        least = MIN(least, space->free_mib);
        unknown |= space->free_mib == G_MAXUINT64;
    }
    if (least >= ENOUGH_SPACE_MIB && unknown)
        aqr_finding_unknown(finding, NULL, "free space: %s", list->str);
    else if (least >= ENOUGH_SPACE_MIB)
        aqr_finding_pass(finding, "free space: %s", list->str);
    else
        aqr_finding_set(finding, least >= LEAST_SPACE_MIB ? AQR_WARN : AQR_FAIL,
                        "make room, or use --overlay-dir and $TMPDIR: an image takes some GiB, "
                        "and so does what a testbed writes",
                        "little free space: %s", list->str);
}

const AqrHostCheck aqr_machine_checks[] = {
    { "machine.gpus", judge_gpus },
    { "machine.cpu", judge_cpu },
    { "machine.kvm", judge_kvm },
    { "machine.iommu", judge_iommu },
    { "machine.atomics", judge_atomics },
    { "machine.memory", judge_ram },
    { "machine.hugepages", judge_hugepages },
    { "machine.space", judge_space },
    { NULL, NULL },
};
