/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-units.h"

#include "support/check-main.h"
#include "support/fake-host.h"

#define ROCM_1 "debci-worker@amd64\\x2bgfx1030_1.service"

/* What is said of a worker by who only judges the host. */
static const struct {
    const char *units;
    const char *spoilt;
    const char *title; /* NULL: nothing */
} units_before[] = {
    { "", "", NULL },
    { ROCM_1, "", "the workers of debci fit the GPUs" },
    { ROCM_1, "gpu.quarantined=broken", "the workers of debci fit the GPUs" },
    { ROCM_1 " debci-worker@amd64\\x2bgfx906_1.service", "",
      "workers of debci for GPUs that are not there: debci-worker@amd64\\x2bgfx906_1.service" },
    { ROCM_1, "gpus=0", "workers of debci for GPUs that are not there: " ROCM_1 },
    { "debci-worker@amd64\\x2bgfx1030_2.service", "",
      "workers of debci for GPUs that are not there: debci-worker@amd64\\x2bgfx1030_2.service" },
};

START_TEST(judges_what_was_made)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_for_user();
    g_auto(AqrDebciFacts) debci = { .units = g_ptr_array_new_with_free_func(g_free) };
    g_auto(GStrv) units = g_strsplit(units_before[_i].units, " ", -1);
    g_autoptr(AqrDebciPlan) plan = NULL;
    g_autoptr(AqrFinding) finding = NULL;

    fake_host_spoil(facts, units_before[_i].spoilt);
    for (char **unit = units; *unit != NULL; unit++)
        g_ptr_array_add(debci.units, g_strdup(*unit));
    plan = aqr_debci_plan_new(facts, &debci);
    finding = aqr_debci_units_judge(plan, facts, &debci);
    ck_assert_pstr_eq(finding == NULL ? NULL : finding->title, units_before[_i].title);
}
END_TEST

/* What its worker was made for stays, whoever has a worker now. */
static const struct {
    const char *units;
    const char *archs;
} archs_before[] = {
    { "", "amd64+gfx1030" },
    { ROCM_1, "amd64+gfx1030" },
    { "debci-worker@amd64\\x2bgfx906_1.service " ROCM_1 " debci-worker@amd64\\x2bgfx906_2.service",
      "amd64+gfx1030 amd64+gfx906" },
    { "debci-worker@1.service debci-worker@amd64\\x2bgfx906.service", "amd64+gfx1030" },
};

START_TEST(keeps_what_was_made)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_for_user();
    g_auto(AqrDebciFacts) debci = { .units = g_ptr_array_new_with_free_func(g_free) };
    g_auto(GStrv) units = g_strsplit(archs_before[_i].units, " ", -1);
    g_autoptr(AqrDebciPlan) plan = NULL;
    g_autofree char *archs = NULL;

    for (char **unit = units; *unit != NULL; unit++)
        g_ptr_array_add(debci.units, g_strdup(*unit));
    plan = aqr_debci_plan_new(facts, &debci);
    archs = aqr_debci_units_archs(plan, &debci);
    ck_assert_str_eq(archs, archs_before[_i].archs);
}
END_TEST

START_TEST(names)
{
    g_autofree char *name = aqr_debci_units_name("gfx90a", 12);

    ck_assert_str_eq(name, "debci-worker@amd64\\x2bgfx90a_12.service");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, names);
    tcase_add_loop_test(tcase, keeps_what_was_made, 0, G_N_ELEMENTS(archs_before));
    tcase_add_loop_test(tcase, judges_what_was_made, 0, G_N_ELEMENTS(units_before));
}
