/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "by-hand.h"

#include <unistd.h>

#include "base/error.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "core/guest-login.h"
#include "host/auxverb.h"
#include "host/guest-run.h"
#include "host/guest-terminal.h"
#include "ssh.h"

/* How long a guest may take from the end of its shells to its own. */
#define GOING_DOWN (120 * G_TIME_SPAN_SECOND)

typedef struct {
    ByHand *by;
    AqrTestbed *testbed;
    AqrLiveWorld *world;
    const AqrLiveConfig *config;
    gboolean terminal; /* stdin and stdout are one */
} Visit;

/* --- the guest goes ------------------------------------------------------ */

static gboolean
has_gone(gpointer data)
{
    return aqr_live_world_get_fate(data) != AQR_FATE_RUNS;
}

/* Its shells end first. */
static gboolean
is_going(const Visit *visit)
{
    static const char *const argv[] = { "systemctl", "is-system-running", NULL };
    AqrPatience patience = aqr_patience(10 * G_TIME_SPAN_SECOND, visit->by->stop);
    AqrGuestLink *link = aqr_live_world_get_link(visit->world);
    g_autofree char *output = NULL;
    int status;

    return link == NULL || !aqr_guest_run(link, argv, &patience, &output, &status, NULL) ||
           g_str_equal(output, "stopping");
}

/* What ran in the guest was lost. *@again: it has restarted, and is up. */
static gboolean
take_loss(Visit *visit, gboolean *again, GError **error)
{
    AqrPatience patience = aqr_patience(GOING_DOWN, visit->by->stop);

    if (!aqr_wait_until(has_gone, visit->world, "the guest to end", &patience, error)) {
        g_prefix_error(error, "the guest has dropped what ran in it: ");
        return FALSE;
    }
    switch (aqr_live_world_get_fate(visit->world)) {
    case AQR_FATE_OFF:
        aqr_program_say("the guest has powered itself off");
        visit->by->status = 0;
        return TRUE;
    case AQR_FATE_RESTARTS:
        aqr_program_say("the guest restarts");
        *again = TRUE;
        return aqr_testbed_follow(visit->testbed, error);
    case AQR_FATE_RUNS:
    case AQR_FATE_LOST:
    default:
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_GUEST, "the VM is lost");
        return FALSE;
    }
}

/* --- what is done in it ---------------------------------------------------- */

static GStrv
choose_argv(const Visit *visit)
{
    const RunOptions *options = visit->by->options;
    const AqrGuestLogin login = {
        .user = options->vm.user,
        .command = (const char *const *)options->args.command,
        .terminal = visit->terminal,
        .term = g_getenv("TERM"),
        .locale =
            aqr_guest_login_locale(g_getenv("LC_ALL"), g_getenv("LC_CTYPE"), g_getenv("LANG")),
    };

    return aqr_guest_login_argv(&login);
}

static gboolean
job_has_ended(gpointer data)
{
    const AqrGuestJob *job = data;

    return job->ended;
}

static gboolean
run_on_pipes(const Visit *visit, const char *const *argv, int *status, GError **error)
{
    static const int fds[3] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
    AqrPatience patience = aqr_patience(0, visit->by->stop);
    AqrGuestJob job;
    gboolean ended;

    aqr_guest_job_start(&job, aqr_live_world_get_link(visit->world), argv, FALSE, fds);
    ended = aqr_wait_until(job_has_ended, &job, "the command to end", &patience, error);
    aqr_guest_job_end(&job);
    *status = job.status;
    return ended;
}

/* *@lost: with the guest, or its agent. */
static gboolean
run(Visit *visit, gboolean *lost, GError **error)
{
    g_auto(GStrv) words = choose_argv(visit);
    const char *const *argv = (const char *const *)words;
    AqrPatience patience = aqr_patience(0, visit->by->stop);
    AqrTerminalEnd end = AQR_TERMINAL_ENDED;
    int status = -1;

    if (visit->terminal) {
        aqr_program_say("Ctrl-] ends the VM at any time");
        if (!aqr_guest_terminal_attach(aqr_live_world_get_link(visit->world), argv, &patience, &end,
                                       &status, error))
            return FALSE;
    } else if (!run_on_pipes(visit, argv, &status, error)) {
        return FALSE;
    }
    *lost = end != AQR_TERMINAL_LEFT && status < 0;
    if (end == AQR_TERMINAL_LEFT && visit->by->options->args.command != NULL) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_STOPPED,
                            "the command was left with Ctrl-]");
        return FALSE;
    }
    visit->by->status = end == AQR_TERMINAL_LEFT ? 0 : status;
    return TRUE;
}

/* Whoever comes by ssh does something. */
static gboolean
wait(Visit *visit, GError **error)
{
    AqrPatience patience = aqr_patience(0, visit->by->stop);

    aqr_program_say("the VM runs until this is stopped, with Ctrl-C");
    return aqr_wait_until(has_gone, visit->world, "the VM to end", &patience, error);
}

/* One life of the guest. *@again: there is another one. */
static gboolean
visit_once(Visit *visit, gboolean *again, GError **error)
{
    const RunOptions *options = visit->by->options;
    gboolean is_shell = options->args.command == NULL;
    gboolean lost = FALSE;

    *again = FALSE;
    if (options->ssh && !ssh_let_in(visit->config, visit->world, options->vm.user, error))
        return FALSE;
    if (options->ssh && is_shell && !visit->terminal)
        return wait(visit, error) && take_loss(visit, again, error);
    if (!run(visit, &lost, error))
        return FALSE;
    if (!lost && (!is_shell || visit->by->status < 128 || !is_going(visit)))
        return TRUE;
    if (!take_loss(visit, again, error))
        return FALSE;
    if (is_shell)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_GUEST, "the command was lost with the guest");
    return FALSE;
}

/* --- the VM ----------------------------------------------------------------- */

/* What the testbed made for its tests stays in no image. */
static void
remove_scratch(const Visit *visit, const char *scratch)
{
    const char *const argv[] = { "rmdir", "--", scratch, NULL };
    AqrPatience patience = aqr_patience(10 * G_TIME_SPAN_SECOND, visit->by->stop);
    int status;

    aqr_guest_run(aqr_live_world_get_link(visit->world), argv, &patience, NULL, &status, NULL);
}

/* What the guest's console prints needs the terminal as it is. */
static AqrProgress *
begin(const Visit *visit, const char *stage)
{
    AqrProgress *progress = NULL;

    if (visit->by->options->vm.show_boot) {
        aqr_program_say("%s", stage);
    } else {
        progress = aqr_progress_new(stderr);
        aqr_progress_begin(progress, stage);
    }
    return progress;
}

static gboolean
open_vm(Visit *visit, GError **error)
{
    const AqrVmOptions *vm = &visit->by->options->vm;
    g_autoptr(AqrProgress) progress = NULL;
    const char *scratch;

    aqr_program_say(vm->write ? "changes are written to \"%s\"; -s discards them"
                              : "changes to \"%s\" are discarded at the end",
                    vm->images[0]);
    progress = begin(visit, "starting the VM");
    if (!aqr_testbed_open(visit->testbed, &scratch, error))
        return FALSE;
    if (vm->write)
        remove_scratch(visit, scratch);
    if (progress != NULL)
        aqr_progress_end(progress, TRUE);
    return TRUE;
}

static AqrGuestLink *
find_link(gpointer data)
{
    return aqr_live_world_get_link(data);
}

static void
close_vm(const Visit *visit)
{
    g_autoptr(AqrProgress) progress = NULL;

    if (visit->by->options->vm.write && aqr_live_world_get_fate(visit->world) == AQR_FATE_RUNS)
        progress = begin(visit, "powering the guest off");
    aqr_testbed_close(visit->testbed);
    if (progress != NULL)
        aqr_progress_end(progress, TRUE);
}

gboolean
by_hand(AqrTestbed *testbed, AqrLiveWorld *world, const AqrLiveConfig *config, gpointer data,
        GError **error)
{
    Visit visit = {
        .by = data,
        .testbed = testbed,
        .world = world,
        .config = config,
        .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
    };
    g_autoptr(AqrAuxverb) auxverb = NULL;
    gboolean done, again = TRUE;

    if (visit.by->options->ssh) {
        auxverb = aqr_auxverb_new(config->exec_argv[1], find_link, world, error);
        if (auxverb == NULL)
            return FALSE;
    }
    done = open_vm(&visit, error);
    while (done && again)
        done = visit_once(&visit, &again, error);
    close_vm(&visit);
    return done;
}
