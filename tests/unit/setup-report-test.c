/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/setup-report.h"

#include <string.h>

#include "core/host-checks.h"
#include "support/check-main.h"
#include "support/data.h"
#include "support/fake-host.h"

static const struct {
    const char *name;
    AqrHostFacts *(*host)(void);
    const char *spoilt;
    gboolean good;
} hosts[] = {
    { "good", fake_host_new, "", TRUE },
    { "user", fake_host_new_for_user, "", TRUE },
    { "user-lacks", fake_host_new_for_user,
      "groups=rocky; memlock=8388608; driver0=amdgpu; driver1=snd_hda_intel; gpu.node.exists=no; "
      "atomics=unknown; udev.group=; udev.mode=; unreadable=/etc/x.conf: Permission denied",
      FALSE },
    { "bare", fake_host_new_bare, "", FALSE },
};

START_TEST(tells)
{
    g_autoptr(AqrHostFacts) facts = hosts[_i].host();
    g_autoptr(GPtrArray) findings = NULL;
    g_autofree char *json = NULL, *text = NULL;
    g_autofree char *json_name = g_strdup_printf("golden/setup-%s.json", hosts[_i].name);
    g_autofree char *text_name = g_strdup_printf("golden/setup-%s.txt", hosts[_i].name);
    AqrSetupReport report = { .facts = facts };

    fake_host_spoil(facts, hosts[_i].spoilt);
    findings = aqr_host_checks_judge(facts);
    report.findings = findings;
    json = aqr_setup_report_json(&report);
    text = aqr_setup_report_text(&report, FALSE);
    test_data_compare(json_name, json);
    test_data_compare(text_name, text);
    ck_assert_int_eq(aqr_setup_report_is_good(&report), hosts[_i].good);
}
END_TEST

static void
free_step_report(gpointer data)
{
    aqr_step_report_free(data);
}

static GPtrArray *
make_steps(AqrSetupStep *step, AqrStepResult result, const char *why)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(free_step_report);
    AqrStepReport *report = g_new0(AqrStepReport, 1);

    report->step = step;
    report->result = result;
    report->why = g_strdup(why);
    g_ptr_array_add(steps, report);
    return steps;
}

static const struct {
    AqrStepResult result;
    gboolean good;
    const char *why;
    const char *text, *json;
} results[] = {
    { AQR_STEP_WOULD, TRUE, NULL, "  WOULD write x\n", "\"result\" : \"would\"" },
    { AQR_STEP_DONE, TRUE, NULL, "  DONE  write x\n", "\"result\" : \"done\"" },
    { AQR_STEP_SAME, TRUE, NULL, "  SAME  write x\n", "\"result\" : \"same\"" },
    { AQR_STEP_FAILED, FALSE, "no room", "  FAIL  write x\n        no room\n",
      "\"why\" : \"no room\"" },
};

START_TEST(tells_steps)
{
    AqrSetupStep step = { .id = "x", .title = (char *)"write x" };
    g_autoptr(GPtrArray) steps = make_steps(&step, results[_i].result, results[_i].why);
    g_autoptr(AqrHostFacts) facts = fake_host_new();
    g_autoptr(GPtrArray) findings = aqr_host_checks_judge(facts);
    const AqrSetupReport report = { .facts = facts, .findings = findings, .steps = steps };
    g_autofree char *text = aqr_setup_report_text(&report, FALSE);
    g_autofree char *json = aqr_setup_report_json(&report);

    ck_assert_ptr_nonnull(strstr(text, results[_i].text));
    ck_assert_ptr_nonnull(strstr(json, results[_i].json));
    ck_assert_int_eq(aqr_setup_report_is_good(&report), results[_i].good);
}
END_TEST

START_TEST(colours_words_only)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new();
    g_autoptr(GPtrArray) findings = aqr_host_checks_judge(facts);
    const AqrSetupReport report = { .facts = facts, .findings = findings };
    g_autofree char *text = aqr_setup_report_text(&report, TRUE);

    ck_assert_ptr_nonnull(strstr(text, "  \033[32mPASS\033[0m  AMD GPUs: 1\n"));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, tells, 0, G_N_ELEMENTS(hosts));
    tcase_add_loop_test(tcase, tells_steps, 0, G_N_ELEMENTS(results));
    tcase_add_test(tcase, colours_words_only);
}
