/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-setup.h"

#include <string.h>

#include "support/check-main.h"
#include "support/fake-host.h"

#define AMQP "amqp://user:secret@host/"
#define DAEMON "libvirt_socket.exists=yes; groups=debci kvm libvirt"

static const struct {
    const char *spoilt;
    const char *subids; /* both files; NULL: cannot be read */
    const char *amqp;
    const char *ids;
} rows[] = {
    { "", "debci:100000:65536\n", NULL, "debci-images debci-conf debci-unit " },
    { "", "debci:100000:65536\n", "amqp://host", "debci-images debci-conf debci-unit " },
    { "", "debci:100000:65536\n", AMQP, "debci-images debci-amqp debci-conf debci-unit " },
    { "", "rocky:100000:65536\n", NULL, "subuids subgids debci-images debci-conf debci-unit " },
    { "", NULL, NULL, "debci-images debci-conf debci-unit " },
    /* what rocm-qemu-setup --apply -u debci would do */
    { "groups=debci; memlock=8388608", NULL, NULL,
      "memlock group-kvm group-render debci-images debci-conf debci-unit " },
    /* with libvirt's daemon it is less, and the group that lets him */
    { DAEMON, NULL, NULL, "debci-images debci-conf debci-unit " },
    { "libvirt_socket.exists=yes; groups=debci; memlock=8388608; udev.group=", NULL, NULL,
      "group-libvirt group-kvm debci-images debci-conf debci-unit " },
    { "gpu.quarantined=broken", "", AMQP, "" },
};

static AqrHostFacts *
make_host(const char *spoilt)
{
    AqrHostFacts *facts = fake_host_new_for_user();

    g_free(facts->user.name);
    facts->user.name = g_strdup("debci");
    fake_host_spoil(facts, spoilt);
    return facts;
}

START_TEST(plans_steps)
{
    g_autoptr(AqrHostFacts) facts = make_host(rows[_i].spoilt);
    g_auto(AqrDebciFacts) debci = { .version = g_strdup("4.4"),
                                    .subuid = g_strdup(rows[_i].subids),
                                    .subgid = g_strdup(rows[_i].subids) };
    const AqrDebciWish wish = { .amqp_server = rows[_i].amqp, .stop_program = "/stop" };
    g_autoptr(AqrDebciPlan) plan = aqr_debci_plan_new(facts, &debci);
    g_autoptr(GPtrArray) steps = aqr_debci_setup_steps(plan, facts, &debci, &wish);
    g_autoptr(GString) ids = g_string_new(NULL);

    for (guint i = 0; i < steps->len; i++) {
        const AqrSetupStep *step = g_ptr_array_index(steps, i);

        g_string_append_printf(ids, "%s ", step->id);
        if (step->kind == AQR_STEP_FILE)
            ck_assert(g_str_has_prefix(step->text, aqr_setup_mark));
        /* A password is in one file, which says what may be shown of it. */
        if (step->text != NULL && strstr(step->text, "secret") != NULL) {
            ck_assert_str_eq(step->id, "debci-amqp");
            ck_assert_uint_eq(step->mode, 0640);
            ck_assert_str_eq(step->group, "debci");
            ck_assert_ptr_null(strstr(step->shown, "secret"));
        }
    }
    ck_assert_str_eq(ids->str, rows[_i].ids);
}
END_TEST

static const struct {
    const char *version;
    const char *setup; /* how the images are made */
    const char *start; /* how the worker is started */
} releases[] = {
    { "3.6", "debci setup", "backends/qemu_rocm/start-worker amd64+gfx1030" },
    { "3.12~bpo12+1", "debci setup", "backends/qemu_rocm/start-worker amd64+gfx1030" },
    { "4.4", "sudo -u debci debci setup",
      "bin/debci worker --arch amd64+gfx1030 --backend qemu_rocm" },
};

START_TEST(says_what_is_next)
{
    g_autoptr(AqrHostFacts) facts = make_host("");
    g_auto(AqrDebciFacts) debci = { .version = g_strdup(releases[_i].version) };
    g_autoptr(AqrDebciPlan) plan = aqr_debci_plan_new(facts, &debci);
    g_auto(GStrv) next = aqr_debci_setup_next(plan, &debci);
    g_autofree char *all = g_strjoinv("; ", next);
    g_autofree char *expected =
        g_strconcat("rocm-qemu-setup -u debci; systemctl daemon-reload; "
                    "for suite in $(debci config --values-only suite_list); do ",
                    releases[_i].setup,
                    " --suite=$suite --arch=amd64 --backend=qemu_rocm; done; "
                    "systemctl enable --now 'debci-worker@amd64\\x2bgfx1030_1.service'",
                    NULL);

    ck_assert_str_eq(all, expected);
}
END_TEST

START_TEST(says_how_a_worker_is_started)
{
    g_autoptr(AqrHostFacts) facts = make_host("");
    g_auto(AqrDebciFacts) debci = { .version = g_strdup(releases[_i].version) };
    const AqrDebciWish wish = { .stop_program = "/stop" };
    g_autoptr(AqrDebciPlan) plan = aqr_debci_plan_new(facts, &debci);
    g_autofree char *unit =
        aqr_debci_files_unit(g_ptr_array_index(plan->workers, 0), facts, &debci, &wish);
    g_autofree char *line =
        g_strdup_printf("\nExecStart=/usr/share/debci/%s\n", releases[_i].start);

    ck_assert_ptr_nonnull(strstr(unit, line));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, plans_steps, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tcase, says_what_is_next, 0, G_N_ELEMENTS(releases));
    tcase_add_loop_test(tcase, says_how_a_worker_is_started, 0, G_N_ELEMENTS(releases));
}
