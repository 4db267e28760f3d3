/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/selftest-report.h"

#include "support/check-main.h"
#include "support/data.h"

static void
add_step(GPtrArray *steps, const char *name, gint64 duration, const char *error)
{
    AqrSelftestStep *step = g_new0(AqrSelftestStep, 1);

    step->round = 1 + steps->len / 2;
    step->name = name;
    step->duration = duration;
    step->error = g_strdup(error);
    g_ptr_array_add(steps, step);
}

static GPtrArray *
new_steps(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)aqr_selftest_step_free);
}

static char facts[][32] = { "kernel: 6.12", "image: sid.qcow2" };

START_TEST(passes)
{
    g_autoptr(GPtrArray) said = g_ptr_array_new();
    g_autoptr(GPtrArray) steps = new_steps();
    const AqrSelftestReport report = {
        .version = "0.1", .facts = said, .steps = steps, .gpus = "a table\nof two lines\n"
    };
    g_autofree char *text = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(facts); i++)
        g_ptr_array_add(said, facts[i]);
    add_step(steps, "boot", 12340000, NULL);
    add_step(steps, "GPU ready", 49999, NULL);
    ck_assert(aqr_selftest_report_is_good(&report));
    text = aqr_selftest_report_text(&report);
    test_data_compare("golden/selftest-passed.md", text);
}
END_TEST

START_TEST(fails)
{
    g_autoptr(GPtrArray) said = g_ptr_array_new();
    g_autoptr(GPtrArray) steps = new_steps();
    const AqrSelftestReport report = { .version = "0.1",
                                       .facts = said,
                                       .steps = steps,
                                       .gpus = "",
                                       .guest = "Linux l2",
                                       .host_log = "vfio-pci: ## not ready" };
    g_autofree char *text = NULL;

    add_step(steps, "boot", 1000000, NULL);
    add_step(steps, "GPU ready", 2000000, "no driver took it\n| really");
    add_step(steps, "as before", 0, NULL);
    ck_assert(!aqr_selftest_report_is_good(&report));
    text = aqr_selftest_report_text(&report);
    test_data_compare("golden/selftest-failed.md", text);
}
END_TEST

START_TEST(nothing_is_not_good)
{
    g_autoptr(GPtrArray) steps = new_steps();
    const AqrSelftestReport report = { .steps = steps };

    ck_assert(!aqr_selftest_report_is_good(&report));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, passes);
    tcase_add_test(tcase, fails);
    tcase_add_test(tcase, nothing_is_not_good);
}
