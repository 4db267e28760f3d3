/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-kept.h"

#include "core/debci-files.h"
#include "core/setup-step.h"
#include "support/check-main.h"
#include "support/fake-host.h"

#define AMQP "amqp://gpu:secret@ci.example.org/debci"

static char *
show(const char *amqp, gboolean apart, GStrv suites, const char *args)
{
    g_autofree char *list = suites == NULL ? g_strdup("-") : g_strjoinv(",", suites);

    return g_strdup_printf("%s %s %s",
                           apart          ? "apart"
                           : amqp == NULL ? "-"
                                          : amqp,
                           list, args == NULL ? "-" : args);
}

/* What the first run says, and the second; what then holds. */
static const struct {
    const char *amqp, *suites, *args;
    const char *amqp_then, *suites_then, *args_then;
    const char *holds;
} runs[] = {
    { NULL, NULL, NULL, NULL, NULL, NULL, "- - -" },
    { "amqp://host", "trixie sid", "--cpus 8", NULL, NULL, NULL,
      "amqp://host trixie,sid --cpus 8" },
    { AMQP, "sid", "it's '$HOME'", NULL, NULL, NULL, "apart sid it's '$HOME'" },
    { AMQP, "sid", "-x", "amqp://host", NULL, NULL, "amqp://host sid -x" },
    { "amqp://host", "sid", "-x", "amqps://h", "trixie", "-y", "amqps://h trixie -y" },
    { AMQP, "sid", "-x", "", NULL, NULL, "- sid -x" },
    { "amqp://host", "sid", "-x", "", "", "", "- - -" },
    { NULL, NULL, NULL, "", "", "", "- - -" },
};

static GStrv
split(const char *words)
{
    return words == NULL ? NULL : g_strsplit(words, " ", -1);
}

/* (transfer full): the file of a worker with @wish, on a host that takes requests, too. */
static char *
write_conf(const AqrDebciWish *wish)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_for_user();
    g_auto(AqrDebciFacts) debci = { .version = g_strdup("4.4"), .has_collector = TRUE };
    g_autoptr(AqrDebciPlan) plan = aqr_debci_plan_new(facts, &debci);
    g_autofree char *text = aqr_debci_files_conf(plan, &debci, wish);

    return g_strconcat(aqr_setup_mark, text, NULL);
}

START_TEST(what_was_said_holds)
{
    g_auto(GStrv) suites = split(runs[_i].suites), suites_then = split(runs[_i].suites_then);
    const AqrDebciWish first = { .amqp_server = runs[_i].amqp,
                                 .suites = suites,
                                 .backend_args = runs[_i].args };
    AqrDebciWish then = { .amqp_server = runs[_i].amqp_then,
                          .suites = suites_then,
                          .backend_args = runs[_i].args_then };
    g_autofree char *before = write_conf(&first), *after = NULL, *holds = NULL;
    g_auto(AqrDebciKept) kept = { 0 };

    aqr_debci_kept_parse(before, &kept);
    ck_assert_uint_eq(kept.foreign, 0);
    aqr_debci_wish_settle(&then, &kept);
    holds = show(then.amqp_server, then.amqp_apart, then.suites, then.backend_args);
    ck_assert_str_eq(holds, runs[_i].holds);
    after = write_conf(&then);
    if (runs[_i].amqp_then == NULL && runs[_i].suites_then == NULL && runs[_i].args_then == NULL)
        ck_assert_str_eq(after, before);
}
END_TEST

/* Lines of a file that begins as ours does. */
static const struct {
    const char *lines;
    guint foreign;
} texts[] = {
    { "", 0 },
    { "# a remark\n\n", 0 },
    { "debci_amqp_server='amqp://host'\n", 0 },
    { "debci_amqp_server=amqp://host\n", 2 },
    { "debci_amqp_server='http://host'\n", 2 },
    { "debci_amqp_server='amqp://host' # mine\n", 2 },
    { "debci_amqp_server='amqp://host\n", 2 },
    { "debci_amqp_server='amqp://host'\ndebci_amqp_server='amqp://other'\n", 3 },
    { "    . /etc/debci/rocm-qemu-amqp.sh\ndebci_amqp_server='amqp://other'\n", 3 },
    { "    . /etc/debci/other.sh\n", 2 },
    { "debci_autopkgtest_args_qemu_rocm='a'\ndebci_autopkgtest_args_qemu_rocm='b'\n", 3 },
    { "# one\ndebci_backend=lxc\n", 3 },
    { "for rocm_qemu_word in $(reboot); do\n", 2 },
    { "    case \" ${debci_suite_list:-} \" in\n", 2 },
    { "for rocm_qemu_word in sid; do\n    case \" ${debci_suite_list:-} \" in\n", 0 },
    { "        *) debci_arch_list=\"${debci_suite_list:+$debci_suite_list }$rocm_qemu_word\" ;;\n",
      2 },
};

START_TEST(knows_its_own_lines)
{
    g_autofree char *text = g_strconcat(aqr_setup_mark, texts[_i].lines, NULL);
    g_auto(AqrDebciKept) kept = { 0 };

    aqr_debci_kept_parse(text, &kept);
    ck_assert_uint_eq(kept.foreign, texts[_i].foreign);
}
END_TEST

START_TEST(what_is_not_ours_says_nothing)
{
    g_auto(AqrDebciKept) kept = { 0 };

    aqr_debci_kept_parse("debci_amqp_server='amqp://host'\n", &kept);
    ck_assert_ptr_null(kept.amqp_server);
    aqr_debci_kept_parse(NULL, &kept);
    ck_assert_ptr_null(kept.amqp_server);
    ck_assert_uint_eq(kept.foreign, 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, what_was_said_holds, 0, G_N_ELEMENTS(runs));
    tcase_add_loop_test(tcase, knows_its_own_lines, 0, G_N_ELEMENTS(texts));
    tcase_add_test(tcase, what_is_not_ours_says_nothing);
}
