/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "debci-worker.h"

#include <string.h>

#include "aqr-config.h"
#include "base/error.h"
#include "core/amqp-url.h"
#include "core/debci-report.h"
#include "host/debci-facts.h"
#include "host/setup-apply.h"

/* @url: NULL where nothing is said. */
static gboolean
take_url(const SetupOptions *options, char **url, GError **error)
{
    const char *name = options->amqp_server_file;
    g_autofree char *found = NULL;
    g_autoptr(GError) failed = NULL;

    if (name == NULL) {
        *url = g_strdup(options->amqp_server);
        return TRUE;
    }
    if (!g_file_get_contents(strcmp(name, "-") == 0 ? "/dev/stdin" : name, &found, NULL, &failed)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "--amqp-server-file: %s", failed->message);
        return FALSE;
    }
    if (!aqr_amqp_url_check(g_strstrip(found), error)) {
        g_prefix_error(error, "--amqp-server-file: ");
        return FALSE;
    }
    *url = g_steal_pointer(&found);
    return TRUE;
}

/* What a host looks like, and what is to be done about it. */
typedef struct {
    AqrHostFacts *facts;
    AqrDebciFacts debci;
    AqrDebciPlan *plan;
    GPtrArray *steps;
    GStrv next;
} Work;

static void
work_clear(Work *work)
{
    g_strfreev(work->next);
    g_clear_pointer(&work->steps, g_ptr_array_unref);
    aqr_debci_plan_free(work->plan);
    aqr_debci_facts_clear(&work->debci);
    aqr_host_facts_free(work->facts);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static void
plan_work(const SetupOptions *options, const AqrHostQuery *query, AqrDebciWish *wish, Work *work)
{
    work->facts = aqr_host_facts_gather(query);
    aqr_debci_facts_gather(query->root, query->stop, &work->debci);
    work->debci.only_some = options->slots->len > 0;
    aqr_debci_wish_settle(wish, &work->debci.kept);
    work->plan = aqr_debci_plan_new(work->facts, &work->debci);
    work->steps = aqr_debci_setup_steps(work->plan, work->facts, &work->debci, wish);
    work->next = aqr_debci_setup_next(work->plan, &work->debci);
}

/* Where something is missing that only the administrator can mend nothing is set. */
static GPtrArray *
apply(const SetupOptions *options, const AqrHostQuery *query, Work *work)
{
    const AqrSetupPlace place = { .root = "/", .dry_run = options->dry_run, .stop = query->stop };

    if (!options->apply)
        return NULL;
    if (aqr_findings_count(work->plan->findings, AQR_FAIL) > 0)
        g_ptr_array_set_size(work->steps, 0);
    return aqr_setup_apply(work->steps, &place);
}

char *
setup_debci_worker(const SetupOptions *options, const AqrHostQuery *query, gboolean colour,
                   gboolean *good, GError **error)
{
    g_autofree char *url = NULL;
    g_auto(Work) work = { 0 };
    g_autoptr(GPtrArray) done = NULL;
    AqrDebciReport report = { 0 };
    AqrDebciWish wish = { .suites = options->suites,
                          .backend_args = options->backend_args,
                          .stop_program = AQR_LIBEXEC_DIR "/rocm-debci-stop" };

    if (!take_url(options, &url, error))
        return NULL;
    wish.amqp_server = url;
    plan_work(options, query, &wish, &work);
    done = apply(options, query, &work);
    report.setup =
        (AqrSetupReport){ .facts = work.facts, .findings = work.plan->findings, .steps = done };
    report.plan = work.plan;
    report.steps = work.steps;
    report.next = work.next;
    *good = aqr_setup_report_is_good(&report.setup);
    return options->json ? aqr_debci_report_json(&report) : aqr_debci_report_text(&report, colour);
}
