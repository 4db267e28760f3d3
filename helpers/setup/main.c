/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rocm-qemu-setup: judges a host, and sets what can be set safely. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aqr-config.h"
#include "base/error.h"
#include "cli/program.h"
#include "core/debci-units.h"
#include "core/host-checks.h"
#include "core/setup-plan.h"
#include "core/setup-report.h"
#include "debci-worker.h"
#include "host/debci-facts.h"
#include "host/host-facts.h"
#include "host/setup-apply.h"
#include "options.h"
#include "selftest.h"

#define NAME "rocm-qemu-setup"

static gboolean
wants_colour(void)
{
    const char *no = g_getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0');
}

/* A reader that has gone is no reason to say that all is well. */
static gboolean
print(const char *text)
{
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return TRUE;
    aqr_program_say("cannot write the report: %s", g_strerror(errno));
    return FALSE;
}

static gboolean
print_report(const AqrSetupReport *report, gboolean json)
{
    g_autofree char *text =
        json ? aqr_setup_report_json(report) : aqr_setup_report_text(report, wants_colour());

    return print(text);
}

/* With --gpu the other GPUs' workers are none of its business. */
static void
judge_workers(const AqrHostQuery *query, const AqrHostFacts *facts, GPtrArray *findings)
{
    g_auto(AqrDebciFacts) debci = { 0 };
    g_autoptr(AqrDebciPlan) plan = NULL;
    AqrFinding *finding;

    if (query->slots->len > 0)
        return;
    debci.units = aqr_debci_facts_find_units(query->root);
    plan = aqr_debci_plan_new(facts, &debci);
    finding = aqr_debci_units_judge(plan, facts, &debci);
    if (finding != NULL)
        g_ptr_array_add(findings, finding);
}

/* What is judged is how the host is afterwards. */
static gboolean
judge(const SetupOptions *options, const AqrHostQuery *query, const GPtrArray *steps)
{
    g_autoptr(AqrHostFacts) facts = aqr_host_facts_gather(query);
    g_autoptr(GPtrArray) findings = aqr_host_checks_judge(facts);
    const AqrSetupReport report = { .facts = facts, .findings = findings, .steps = steps };

    judge_workers(query, facts, findings);
    return print_report(&report, options->json) && aqr_setup_report_is_good(&report);
}

static gboolean
apply_and_judge(const SetupOptions *options, const AqrHostQuery *query)
{
    const AqrSetupPlace place = { .root = "/", .dry_run = options->dry_run, .stop = query->stop };
    g_autoptr(AqrHostFacts) before = aqr_host_facts_gather(query);
    g_autoptr(GPtrArray) steps = aqr_setup_plan_make(before);
    g_autoptr(GPtrArray) reports = aqr_setup_apply(steps, &place);

    return judge(options, query, reports);
}

static gboolean
add_worker(const SetupOptions *options, const AqrHostQuery *query)
{
    g_autoptr(GError) error = NULL;
    gboolean good = FALSE;
    g_autofree char *text = setup_debci_worker(options, query, wants_colour(), &good, &error);

    if (text != NULL)
        return print(text) && good;
    aqr_program_say("%s", error->message);
    return FALSE;
}

static gboolean
do_it(const SetupOptions *options, const AqrHostQuery *query)
{
    if (options->debci_worker)
        return add_worker(options, query);
    return options->apply ? apply_and_judge(options, query) : judge(options, query, NULL);
}

static int
run(const SetupOptions *options, int *signal_number)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    g_autofree char *table = aqr_program_data("amdgpu-gfx.tsv");
    const AqrHostQuery query = {
        .root = "/",
        .user = options->debci_worker ? AQR_DEBCI_USER : options->user,
        .table = table,
        .slots = options->slots,
        .stop = stop,
    };
    gboolean good;

    if (stop == NULL) {
        aqr_program_say("failure: %s", error->message);
        return EXIT_FAILURE;
    }
    good = do_it(options, &query);
    *signal_number = aqr_stop_signal(stop);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
print_version(void)
{
    g_print("%s %s\n", NAME, AQR_VERSION);
    return EXIT_SUCCESS;
}

/* --- the self-test ----------------------------------------------------- */

#define DEFAULT_ROUNDS 3
#define ROUNDS "--rounds="

/* "--selftest [--rounds=N] ..." of @argv becomes "...". */
static gboolean
take_rounds(int *argc, char ***argv, guint *rounds, GError **error)
{
    const char *word = *argc > 2 ? (*argv)[2] : "";
    guint64 n = DEFAULT_ROUNDS;
    int skipped = 1;

    if (g_str_has_prefix(word, ROUNDS)) {
        skipped = 2;
        if (!g_ascii_string_to_unsigned(word + strlen(ROUNDS), 10, 1, 1000, &n, NULL)) {
            g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "%s: it takes a number from 1 to 1000",
                        word);
            return FALSE;
        }
    }
    (*argv)[skipped] = (*argv)[0];
    *argc -= skipped;
    *argv += skipped;
    *rounds = (guint)n;
    return TRUE;
}

static gboolean
test_with(const AqrVmOptions *options, guint rounds, int *signal_number)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    gboolean good = stop != NULL && setup_selftest(options, rounds, stop, &error);

    if (stop != NULL)
        *signal_number = aqr_stop_signal(stop);
    if (error != NULL)
        aqr_program_say("failure: %s", error->message);
    return good;
}

static int
selftest(int argc, char **argv, int *signal_number)
{
    g_auto(AqrVmOptions) options = { 0 };
    g_autoptr(GError) error = NULL;
    guint rounds = 0;

    if (!take_rounds(&argc, &argv, &rounds, &error) ||
        !aqr_vm_options_parse(&options, argc, argv,
                              "Takes a testbed with a GPU through all of its life, several times.",
                              "See rocm-qemu-setup(1).", &error)) {
        aqr_program_say("%s", error->message);
        return 2;
    }
    if (options.version)
        return print_version();
    if (options.dry_run || options.gpu_selectors->len == 0) {
        aqr_program_say("--selftest is about a GPU that is really used: it takes neither --dry-run "
                        "nor --gpu=none");
        return 2;
    }
    aqr_program_set_debug(options.debug);
    return test_with(&options, rounds, signal_number) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
judge_host(int argc, char **argv, int *signal_number)
{
    g_auto(SetupOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    if (!setup_options_parse(&options, argc, argv, &error)) {
        aqr_program_say("%s", error->message);
        return 2;
    }
    if (options.version)
        return print_version();
    if (options.apply && !options.dry_run && geteuid() != 0) {
        aqr_program_say("--apply needs root; --apply --dry-run shows what it would do");
        return EXIT_FAILURE;
    }
    return run(&options, signal_number);
}

int
main(int argc, char **argv)
{
    int signal_number = 0;
    int status;

    aqr_program_start(NAME);
    status = argc > 1 && g_str_equal(argv[1], "--selftest")
                 ? selftest(argc, argv, &signal_number)
                 : judge_host(argc, argv, &signal_number);
    if (signal_number != 0)
        raise(signal_number);
    return status;
}
