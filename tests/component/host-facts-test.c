/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host-facts.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host-checks.h"
#include "support/check-main.h"
#include "support/data.h"
#include "support/fake-host.h"
#include "support/fake-sysfs.h"

/* The configuration of a host in a directory, and the devices of a fixture. */

static const struct {
    const char *path, *text;
} files[] = {
    { "/proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm lm\n" },
    { "/proc/meminfo", "MemTotal:       65536000 kB\nMemFree:  1 kB\n" },
    { "/proc/cmdline", "quiet amd_iommu=on module_blacklist=vfio\n" },
    { "/proc/sys/kernel/osrelease", "6.12.107+deb13-amd64\n" },
    { "/sys/kernel/iommu_groups/0/x", "" },
    { "/sys/kernel/iommu_groups/1/x", "" },
    { "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n" },
    { "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "2\n" },
    { "/sys/module/vfio/refcnt", "0\n" },
    { "/sys/module/vfio_pci/refcnt", "0\n" },
    { "/sys/module/vfio_iommu_type1/refcnt", "0\n" },
    { "/etc/modprobe.d/vfio.conf", "options vfio-pci ids=1002:73bf\n" },
    { "/etc/modules", "# none\n" },
    { "/usr/lib/modules-load.d/x.conf", "vfio-pci\n" },
    { "/etc/udev/rules.d/50-vfio.rules", "SUBSYSTEM==\"vfio\", MODE=\"0666\"\n" },
    { "/usr/lib/udev/rules.d/60-vfio.rules", "SUBSYSTEM==\"vfio\", GROUP=\"disk\"\n" },
    { "/etc/security/limits.conf", "root - memlock 64\n" },
    { "/etc/security/limits.d/10-root.conf", "root hard memlock 128\n" },
    { "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so", "" },
    { "/dev/kvm", "" },
    { "/dev/vfio/15", "" },
    { "/run/libvirt/virtqemud-sock", "no socket" },
};

static void
write_files(const char *root)
{
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *file = g_build_filename(root, files[i].path, NULL);
        g_autofree char *dir = g_path_get_dirname(file);

        ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
        ck_assert(g_file_set_contents(file, files[i].text, -1, NULL));
    }
}

static AqrHostFacts *
gather(const char *root, const char *user)
{
    g_autofree char *table = test_data_path("../data/amdgpu-gfx.tsv");
    g_autoptr(GPtrArray) slots = g_ptr_array_new();
    const AqrHostQuery query = { .root = root, .user = user, .table = table, .slots = slots };

    return aqr_host_facts_gather(&query);
}

/* The GPUs only, on a bare host; @gpu: NULL for all. */
static AqrHostFacts *
gather_gpus(const char *gpu)
{
    g_autofree char *table = test_data_path("../data/amdgpu-gfx.tsv");
    g_autoptr(GPtrArray) slots = g_ptr_array_new();
    AqrPciAddress slot;
    const AqrHostQuery query = { .root = "/", .table = table, .slots = slots };
    AqrHostFacts *facts = fake_host_new_bare();

    if (gpu != NULL) {
        ck_assert(aqr_pci_address_parse(gpu, &slot, NULL));
        g_ptr_array_add(slots, &slot);
    }
    aqr_host_facts_add_gpus(facts, &query);
    return facts;
}

static void
check_machine(const AqrHostFacts *facts)
{
    ck_assert_int_eq(facts->cpu_virt, AQR_FACT_YES);
    ck_assert(facts->has_amd_cpu);
    ck_assert_uint_eq(facts->ram_mib, 64000);
    ck_assert_uint_eq(facts->hugepages_mib, 1024 + 2048);
    ck_assert_uint_eq(facts->n_iommu_groups, 2);
    ck_assert_str_eq(facts->kernel_release, "6.12.107+deb13-amd64");
    ck_assert_int_eq(facts->vfio, AQR_MODULE_LOADED);
    ck_assert_int_eq(facts->vfio_pci, AQR_MODULE_LOADED);
    ck_assert_int_eq(facts->vfio_type1, AQR_MODULE_LOADED);
    ck_assert_int_eq(facts->kvm.exists, AQR_FACT_YES);
    ck_assert_int_eq(facts->lease_dir.exists, AQR_FACT_NO);
    ck_assert_int_eq(facts->qemu_driver, AQR_FACT_YES);
    ck_assert_str_eq(facts->libvirt_socket.path, "/run/libvirt/virtqemud-sock");
    ck_assert_ptr_nonnull(facts->libvirt_trouble);
}

static void
check_configuration(const AqrHostFacts *facts)
{
    const AqrVfioConf *conf = facts->vfio_conf;

    ck_assert_uint_eq(conf->ids->len, 1);
    ck_assert_uint_eq(conf->blacklisted->len, 1);
    ck_assert(conf->autoload);
    ck_assert_str_eq(facts->udev.mode, "0666");
    ck_assert_str_eq(facts->udev.group, "disk");
    ck_assert_uint_eq(facts->memlock.soft, 64 * 1024);
    ck_assert_uint_eq(facts->memlock.hard, 128 * 1024);
    ck_assert_uint_eq(facts->unreadable->len, 0);
}

START_TEST(gathers)
{
    char *root = test_make_dir();
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("radeon-rx-6800-xt");
    g_autoptr(AqrHostFacts) facts = NULL;
    const AqrHostGpu *gpu;

    write_files(root);
    facts = gather(root, "root");
    test_remove_dir(root);
    check_machine(facts);
    check_configuration(facts);
    ck_assert_ptr_null(facts->gpus_trouble);
    ck_assert_ptr_null(facts->missing_gpus);
    ck_assert_uint_eq(facts->gpus->len, 1);
    gpu = g_ptr_array_index(facts->gpus, 0);
    ck_assert_str_eq(gpu->gpu->gfx, "gfx1030");
    ck_assert(g_str_has_prefix(gpu->node.path, "/dev/vfio/"));
    ck_assert_str_eq(facts->user.name, "root");
    ck_assert(facts->user.exists);
}
END_TEST

/* The caller's own, and nobody's. */
static const struct {
    const char *user;
    gboolean exists;
} users[] = { { "root", TRUE }, { "0", TRUE }, { "no-such-user", FALSE }, { "4000000000", FALSE } };

START_TEST(looks_users_up)
{
    char *root = test_make_dir();
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("odd-ones");
    g_autoptr(AqrHostFacts) facts = gather(root, users[_i].user);

    test_remove_dir(root);
    ck_assert_int_eq(facts->user.exists, users[_i].exists);
    ck_assert_str_eq(facts->user.name, strcmp(users[_i].user, "0") == 0 ? "root" : users[_i].user);
}
END_TEST

static const struct {
    const char *host;
    const char *gpu; /* NULL: all */
    guint n_gpus;
    const char *missing; /* NULL: none */
} choices[] = {
    { "dual-gpu", NULL, 2, NULL },
    { "dual-gpu", "84:00.0", 1, NULL },
    { "dual-gpu", "84:00.1", 0, "0000:84:00.1" },
    { "dual-gpu", "01:00.0", 0, "0000:01:00.0" },
};

START_TEST(chooses_gpus)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(choices[_i].host);
    g_autoptr(AqrHostFacts) facts = gather_gpus(choices[_i].gpu);

    ck_assert_uint_eq(facts->gpus->len, choices[_i].n_gpus);
    ck_assert_int_eq(facts->missing_gpus == NULL, choices[_i].missing == NULL);
    if (choices[_i].missing != NULL)
        ck_assert_str_eq(facts->missing_gpus[0], choices[_i].missing);
}
END_TEST

/* In an empty root nothing is known, and that is said. */
START_TEST(does_not_stumble_over_nothing)
{
    char *root = test_make_dir();
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(NULL);
    g_autoptr(AqrHostFacts) facts = gather(root, "root");
    g_autoptr(GPtrArray) findings = aqr_host_checks_judge(facts);

    test_remove_dir(root);
    ck_assert_ptr_nonnull(facts->gpus_trouble);
    ck_assert_int_eq(facts->cpu_virt, AQR_FACT_UNKNOWN);
    ck_assert_uint_gt(findings->len, 20);
}
END_TEST

/* What the checks make of real cards; of each the finding that is its own. */
static const struct {
    const char *host, *gpu, *id;
    AqrSeverity severity;
    const char *told; /* a part of the title */
} cards[] = {
    { "radeon-rx-6800-xt", "0000:03:00.0", "gpu.identity", AQR_PASS, "gfx1030 by KFD; with 0000" },
    { "radeon-rx-6800-xt", "0000:03:00.0", "gpu.display", AQR_FAIL, "the host's display" },
    { "radeon-rx-6800-xt", "0000:03:00.0", "gpu.passable", AQR_FAIL, "boot" },
    { "instinct-mi100", "0000:43:00.0", "gpu.reset", AQR_WARN, "gfx908 cards" },
    { "instinct-mi100", "0000:43:00.0", "gpu.atomics", AQR_WARN, "0000:40:01.1" },
    { "instinct-mi210", "0000:61:00.0", "gpu.identity", AQR_PASS, "gfx90a by amdgpu" },
    { "instinct-mi300x", "0001:06:00.0", "gpu.passable", AQR_FAIL, "reset" },
    { "instinct-mi300x-vf", "0000:06:02.0", "gpu.passable", AQR_PASS, "" },
    { "radeon-vii", "0000:09:00.0", "gpu.reset", AQR_WARN, "gfx906 cards" },
    { "radeon-vii", "0000:09:00.0", "gpu.atomics", AQR_WARN, "unknown: " },
    { "apu-rembrandt", "0000:e6:00.0", "gpu.group", AQR_FAIL, "0000:e6:00.2" },
    { "dual-gpu", "0000:84:00.0", "gpu.identity", AQR_PASS, "gfx900 by its id" },
    { "group-with-nvme", "0000:07:00.0", "gpu.group", AQR_FAIL, "not the card's: 0000:04:00.0" },
    { "odd-ones", "0000:01:00.0", "gpu.power", AQR_FAIL, "fallen off the bus" },
    { "odd-ones", "0000:02:00.0", "gpu.group", AQR_FAIL, "in no IOMMU group" },
    { "odd-ones", "0000:02:00.0", "gpu.identity", AQR_WARN, "gfx target unknown" },
};

static const AqrFinding *
find(const GPtrArray *findings, const char *gpu, const char *id)
{
    for (guint i = 0; i < findings->len; i++) {
        const AqrFinding *finding = g_ptr_array_index(findings, i);

        if (g_strcmp0(finding->gpu, gpu) == 0 && strcmp(finding->id, id) == 0)
            return finding;
    }
    ck_abort_msg("no %s of %s", id, gpu);
}

START_TEST(judges_cards)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(cards[_i].host);
    g_autoptr(AqrHostFacts) facts = gather_gpus(NULL);
    g_autoptr(GPtrArray) findings = aqr_host_checks_judge(facts);
    const AqrFinding *finding = find(findings, cards[_i].gpu, cards[_i].id);

    ck_assert_msg(finding->severity == cards[_i].severity &&
                      strstr(finding->title, cards[_i].told) != NULL,
                  "%d: %s", (int)finding->severity, finding->title);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, gathers);
    tcase_add_loop_test(tcase, looks_users_up, 0, G_N_ELEMENTS(users));
    tcase_add_loop_test(tcase, chooses_gpus, 0, G_N_ELEMENTS(choices));
    tcase_add_test(tcase, does_not_stumble_over_nothing);
    tcase_add_loop_test(tcase, judges_cards, 0, G_N_ELEMENTS(cards));
}
