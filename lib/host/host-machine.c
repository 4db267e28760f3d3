/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The part of host/host-facts that looks at processor, memory and kernel. */
#include <sys/stat.h>
#include <sys/utsname.h>

#include "host/accel.h"
#include "host/host-facts.h"

static char *
read_text(const char *root, const char *path)
{
    g_autofree char *file = g_build_filename(root, path, NULL);
    char *text = NULL;

    g_file_get_contents(file, &text, NULL, NULL);
    return text;
}

static void
add_cpu(AqrHostFacts *facts, const char *root)
{
    g_autofree char *text = read_text(root, "/proc/cpuinfo");

    if (text == NULL)
        return;
    facts->cpu_virt =
        g_regex_match_simple("^flags\\s*:.* (vmx|svm)( |$)", text, G_REGEX_MULTILINE, 0)
            ? AQR_FACT_YES
            : AQR_FACT_NO;
    facts->has_amd_cpu =
        g_regex_match_simple("^vendor_id\\s*: AuthenticAMD", text, G_REGEX_MULTILINE, 0);
}

static void
add_kvm(AqrHostFacts *facts, const char *root)
{
    g_autoptr(GError) error = NULL;
    AqrAccel accel;

    aqr_host_node_look(root, "/dev/kvm", &facts->kvm);
    if (!aqr_accel_choose(AQR_ACCEL_KVM, &accel, &error))
        facts->kvm_trouble = g_strdup(error->message);
}

static guint
count_entries(const char *root, const char *path)
{
    g_autofree char *name = g_build_filename(root, path, NULL);
    g_autoptr(GDir) dir = g_dir_open(name, 0, NULL);
    guint count = 0;

    while (dir != NULL && g_dir_read_name(dir) != NULL)
        count++;
    return count;
}

/* "MemTotal:       24684084 kB"; 0 where it is not there. */
static guint64
meminfo_kib(const char *text, const char *name)
{
    g_autofree char *pattern = g_strdup_printf("^%s:\\s*([0-9]+)", name);
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *number = NULL;

    if (!g_regex_match(regex, text, 0, &match))
        return 0;
    number = g_match_info_fetch(match, 1);
    return g_ascii_strtoull(number, NULL, 10);
}

static void
add_memory(AqrHostFacts *facts, const char *root)
{
    g_autofree char *text = read_text(root, "/proc/meminfo");

    if (text != NULL)
        facts->ram_mib = meminfo_kib(text, "MemTotal") / 1024;
}

/* Of all sizes: the directories are "hugepages-2048kB". */
static void
add_hugepages(AqrHostFacts *facts, const char *root)
{
    static const char path[] = "/sys/kernel/mm/hugepages";
    g_autofree char *name = g_build_filename(root, path, NULL);
    g_autoptr(GDir) dir = g_dir_open(name, 0, NULL);
    const char *size;

    while (dir != NULL && (size = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, size, "nr_hugepages", NULL);
        g_autofree char *number = read_text(root, file);

        if (number != NULL && g_str_has_prefix(size, "hugepages-"))
            facts->hugepages_mib +=
                g_ascii_strtoull(number, NULL, 10) * g_ascii_strtoull(size + 10, NULL, 10) / 1024;
    }
}

static void
add_kernel(AqrHostFacts *facts, const char *root)
{
    facts->command_line = read_text(root, "/proc/cmdline");
    facts->kernel_release = read_text(root, "/proc/sys/kernel/osrelease");
    if (facts->kernel_release != NULL)
        g_strchomp(facts->kernel_release);
    facts->n_iommu_groups = count_entries(root, "/sys/kernel/iommu_groups");
}

static AqrModule
look_at_module(const char *name, const AqrHostQuery *query)
{
    const char *const argv[] = { "modprobe", "--dry-run", "--quiet", name, NULL };
    g_autofree char *underscored = g_strdelimit(g_strdup(name), "-", '_');
    g_autofree char *dir = g_build_filename(query->root, "/sys/module", underscored, NULL);
    g_autofree char *modprobe = aqr_host_find_program("modprobe");
    g_autofree char *answer = NULL;

    if (g_file_test(dir, G_FILE_TEST_IS_DIR))
        return AQR_MODULE_LOADED;
    if (modprobe == NULL)
        return AQR_MODULE_UNKNOWN;
    answer = aqr_host_ask(argv, query->stop);
    return answer != NULL ? AQR_MODULE_THERE : AQR_MODULE_MISSING;
}

void
aqr_host_facts_add_machine(AqrHostFacts *facts, const AqrHostQuery *query)
{
    add_cpu(facts, query->root);
    add_kvm(facts, query->root);
    add_memory(facts, query->root);
    add_hugepages(facts, query->root);
    add_kernel(facts, query->root);
    facts->vfio = look_at_module("vfio", query);
    facts->vfio_pci = look_at_module("vfio-pci", query);
    facts->vfio_type1 = look_at_module("vfio_iommu_type1", query);
}
