/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-plan.h"

#include "support/check-main.h"
#include "support/fake-host.h"

#define ROCM_1 "debci-worker@amd64\\x2bgfx1030_1.service"

typedef struct {
    const char *spoilt;
    const char *version; /* NULL: debci-worker is not installed */
    const char *unit;    /* that there is already; NULL: none */
    const char *workers; /* their units */
    const char *trouble; /* the findings that are no PASS */
} Row;

/* A GPU that is on vfio-pci already, for "rocky", whom "user.exists" makes debci. */
static const Row rows[] = {
    { "", "4.4", NULL, ROCM_1 " ", "" },
    { "", "3.6", NULL, ROCM_1 " ", "" },
    { "", "3.12~bpo12+1", NULL, ROCM_1 " ", "" },
    { "", NULL, NULL, ROCM_1 " ", "debci.package: FAIL debci-worker is not installed\n" },
    { "", "3.5", NULL, ROCM_1 " ",
      "debci.package: FAIL debci-worker 3.5 is too old: it must be 3.6 or later\n" },
    { "user.exists=false", "4.4", NULL, ROCM_1 " ", "debci.user: FAIL there is no user debci\n" },
    { "gpu.held_by=pid 1", "4.4", NULL, ROCM_1 " ", "" }, /* a worker waits for it */
    { "driver1=snd_hda_intel", "4.4", NULL, ROCM_1 " ",
      "debci.worker: WARN AMD Radeon RX 6800 XT: " ROCM_1
      ", for jobs of amd64+gfx1030, once it is on vfio-pci\n" },
    { "driver1=snd_hda_intel; libvirt_socket.exists=yes", "4.4", NULL, ROCM_1 " ", "" },
    { "gpu.quarantined=fan is broken", "4.4", NULL, "",
      "debci.worker: WARN no worker: it is in quarantine: fan is broken\n"
      "debci.gpus: FAIL no GPU of this host can have a worker\n" },
    /* its unit is not called left over meanwhile */
    { "gpu.quarantined=fan is broken", "4.4", ROCM_1, "",
      "debci.worker: WARN no worker: it is in quarantine: fan is broken\n"
      "debci.gpus: FAIL no GPU of this host can have a worker\n" },
    { "gpu.iommu_group=-1", "4.4", NULL, "",
      "debci.worker: WARN no worker: 0000:03:00.0 is in no IOMMU group; turn on the IOMMU (AMD-Vi, "
      "VT-d) in the firmware, and for Intel's start the kernel with intel_iommu=on\n"
      "debci.gpus: FAIL no GPU of this host can have a worker\n" },
    { "gfx=", "4.4", NULL, "",
      "debci.worker: WARN no worker: AMD Radeon RX 6800 XT, gfx target unknown\n"
      "debci.gpus: FAIL no GPU of this host can have a worker\n" },
    { "missing_gpus=0000:09:00.0", "4.4", NULL, ROCM_1 " ",
      "debci.gpus: FAIL no AMD GPU of this host: 0000:09:00.0\n" },
    { "gpus_trouble=no table; gpus=0", "4.4", NULL, "",
      "debci.gpus: FAIL the GPUs of this host are unknown: no table\n" },
    { "", "4.4", ROCM_1, ROCM_1 " ", "" },
    { "", "4.4", "debci-worker@amd64\\x2bgfx906_1.service", ROCM_1 " ",
      "debci.unit: WARN debci-worker@amd64\\x2bgfx906_1.service was made for a GPU that is not "
      "there\n" },
    { "", "4.4", "debci-worker@amd64\\x2bgfx1030_2.service", ROCM_1 " ",
      "debci.unit: WARN debci-worker@amd64\\x2bgfx1030_2.service was made for a GPU that is not "
      "there\n" },
};

static char *
list_workers(const AqrDebciPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < plan->workers->len; i++) {
        const AqrDebciWorker *worker = g_ptr_array_index(plan->workers, i);

        g_string_append_printf(text, "%s ", worker->unit);
    }
    return g_string_free(text, FALSE);
}

static char *
list_trouble(const AqrDebciPlan *plan)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < plan->findings->len; i++) {
        const AqrFinding *finding = g_ptr_array_index(plan->findings, i);

        if (finding->severity != AQR_PASS)
            g_string_append_printf(text, "%s: %s %s\n", finding->id,
                                   finding->severity == AQR_FAIL ? "FAIL" : "WARN", finding->title);
    }
    return g_string_free(text, FALSE);
}

START_TEST(plans)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_for_user();
    g_auto(AqrDebciFacts) debci = { .version = g_strdup(rows[_i].version) };
    g_autoptr(AqrDebciPlan) plan = NULL;
    g_autofree char *workers = NULL, *trouble = NULL;

    fake_host_spoil(facts, rows[_i].spoilt);
    debci.units = g_ptr_array_new_with_free_func(g_free);
    if (rows[_i].unit != NULL)
        g_ptr_array_add(debci.units, g_strdup(rows[_i].unit));
    plan = aqr_debci_plan_new(facts, &debci);
    workers = list_workers(plan);
    trouble = list_trouble(plan);
    ck_assert_str_eq(workers, rows[_i].workers);
    ck_assert_str_eq(trouble, rows[_i].trouble);
}
END_TEST

START_TEST(another_s_line_in_our_file_is_told)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_for_user();
    g_auto(AqrDebciFacts) debci = { .version = g_strdup("4.4"), .kept = { .foreign = 7 } };
    g_autoptr(AqrDebciPlan) plan = aqr_debci_plan_new(facts, &debci);
    g_autofree char *trouble = list_trouble(plan);

    ck_assert_str_eq(trouble, "debci.conf: FAIL line 7 of /etc/debci/conf.d/zz-rocm-qemu.conf was "
                              "not written by rocm-qemu-setup\n");
}
END_TEST

START_TEST(a_host_without_a_gpu_has_no_worker)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_bare();
    g_auto(AqrDebciFacts) debci = { .version = g_strdup("4.4") };
    g_autoptr(AqrDebciPlan) plan = aqr_debci_plan_new(facts, &debci);
    g_autofree char *trouble = list_trouble(plan);

    ck_assert_uint_eq(plan->workers->len, 0);
    ck_assert_str_eq(trouble, "debci.gpus: FAIL this host has no AMD GPU, so it can offer debci "
                              "nothing\n");
}
END_TEST

/* Which way to a GPU the user debci goes. */
static const struct {
    const char *spoilt;
    gboolean wants;
} ways[] = {
    { "", FALSE },
    { "libvirt_socket.exists=yes", TRUE }, /* once it is in the group */
    { "libvirt_socket.exists=yes; groups=debci libvirt", TRUE },
    { "libvirt_socket.exists=yes; libvirt_trouble=refused", FALSE },
    { "libvirt_socket.exists=yes; host_groups=kvm render", FALSE },
};

START_TEST(prefers_the_daemon)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_for_user();

    fake_host_spoil(facts, ways[_i].spoilt);
    ck_assert_int_eq(aqr_debci_plan_wants_daemon(facts), ways[_i].wants);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, plans, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, another_s_line_in_our_file_is_told);
    tcase_add_test(tcase, a_host_without_a_gpu_has_no_worker);
    tcase_add_loop_test(tcase, prefers_the_daemon, 0, G_N_ELEMENTS(ways));
}
