/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What rocm-qemu-setup --debci-worker says of the hosts in tests/fixtures. */
#include <string.h>

#include "core/debci-report.h"
#include "host/host-facts.h"
#include "support/check-main.h"
#include "support/data.h"
#include "support/fake-host.h"
#include "support/fake-sysfs.h"

static const struct {
    const char *host;
    const char *spoilt; /* of the rest, which is a host where libvirt's daemon runs */
    const char *suites;
    const char *amqp;
    const char *backend_args;
    const char *version; /* of debci; NULL: 4.4 */
    gboolean has_collector;
    gboolean good;
} hosts[] = {
    { "dual-gpu", "", "trixie sid", "amqp://gpu:secret@ci.example.org/debci", NULL, NULL, FALSE,
      TRUE },
    { "instinct-mi210", "libvirt_socket.exists=no", NULL, "amqp://ci.example.org",
      "--cpus 8 --show-boot", NULL, TRUE, TRUE },
    { "radeon-rx-6800-xt", "", NULL, NULL, NULL, NULL, FALSE, FALSE }, /* the boot display */
    { "instinct-mi300x", "", NULL, NULL, NULL, NULL, FALSE, FALSE },
    { "instinct-mi300x-vf", "", NULL, NULL, NULL, "3.12", FALSE, TRUE },
    { "group-with-nvme", "", NULL, NULL, NULL, NULL, FALSE, FALSE },
    { "apu-rembrandt", "", NULL, NULL, NULL, NULL, FALSE, FALSE },
    { "odd-ones", "", NULL, NULL, NULL, NULL, FALSE, FALSE },
};

/* The GPUs are the fixture's; everything else is a good host that has nothing set up. */
static AqrHostFacts *
look_at(const char *spoilt)
{
    g_autofree char *table = test_data_path("../data/amdgpu-gfx.tsv");
    g_autoptr(GPtrArray) slots = g_ptr_array_new();
    const AqrHostQuery query = { .root = "/nonexistent", .table = table, .slots = slots };
    AqrHostFacts *facts = fake_host_new_for_user();

    facts->free_owner(facts->owner);
    facts->owner = NULL;
    g_ptr_array_set_size(facts->gpus, 0);
    g_free(facts->user.name);
    facts->user.name = g_strdup("debci");
    facts->user_is_caller = FALSE;
    fake_host_spoil(facts, "groups=debci; memlock=8388608; libvirt_socket.exists=yes; "
                           "vfio_conf.autoload=false");
    fake_host_spoil(facts, spoilt);
    aqr_host_facts_add_gpus(facts, &query);
    return facts;
}

START_TEST(tells)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(hosts[_i].host);
    g_autoptr(AqrHostFacts) facts = look_at(hosts[_i].spoilt);
    g_auto(AqrDebciFacts)
        debci = { .version = g_strdup(hosts[_i].version == NULL ? "4.4" : hosts[_i].version),
                  .has_collector = hosts[_i].has_collector,
                  .subuid = g_strdup("rocky:100000:65536\n"),
                  .subgid = g_strdup("") };
    g_auto(GStrv) suites = hosts[_i].suites == NULL ? NULL : g_strsplit(hosts[_i].suites, " ", -1);
    const AqrDebciWish wish = {
        .amqp_server = hosts[_i].amqp,
        .suites = suites,
        .backend_args = hosts[_i].backend_args,
        .stop_program = "/usr/libexec/autopkgtest-virt-qemu-rocm/rocm-debci-stop",
    };
    g_autoptr(AqrDebciPlan) plan = aqr_debci_plan_new(facts, &debci);
    g_autoptr(GPtrArray) steps = aqr_debci_setup_steps(plan, facts, &debci, &wish);
    g_auto(GStrv) next = aqr_debci_setup_next(plan, &debci);
    const AqrDebciReport report = { .setup = { .facts = facts, .findings = plan->findings },
                                    .plan = plan,
                                    .steps = steps,
                                    .next = next };
    g_autofree char *text = aqr_debci_report_text(&report, FALSE);
    g_autofree char *json = aqr_debci_report_json(&report);
    g_autofree char *text_name = g_strdup_printf("golden/debci-%s.txt", hosts[_i].host);
    g_autofree char *json_name = g_strdup_printf("golden/debci-%s.json", hosts[_i].host);

    test_data_compare(text_name, text);
    test_data_compare(json_name, json);
    ck_assert_ptr_null(strstr(text, "secret"));
    ck_assert_ptr_null(strstr(json, "secret"));
    ck_assert_int_eq(aqr_setup_report_is_good(&report.setup), hosts[_i].good);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, tells, 0, G_N_ELEMENTS(hosts));
}
