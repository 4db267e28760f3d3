/* SPDX-License-Identifier: GPL-2.0-or-later */

/* How a command is killed, runs on a terminal, and is lost, from host/guest-command through a unix
 * socket to the agent and back, as autopkgtest's execute command needs it. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent-link.h"
#include "support/check-main.h"

/* --- killing --------------------------------------------------------------------------- */

/* Each writes the pids of what it started to the file "pids", one a line. */
static const struct {
    const char *script;
    gboolean ignores_term;
} stubborn[] = {
    { "echo $$ >pids; exec sleep 60", FALSE },
    { "sleep 60 & echo $! $$ >pids; wait", FALSE },
    { "sh -c 'sleep 60 & echo $! $$ >pids; wait' & wait", FALSE },
    { "setsid sh -c 'echo $$ >pids; exec sleep 60' & wait", FALSE },
    { "trap '' TERM; sleep 60 & echo $! $$ >pids; wait; sleep 60", TRUE },
    { "kill -STOP $(echo $$ | tee pids)", FALSE },
};

static gboolean
has_pids(gpointer path)
{
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && strchr(text, '\n') != NULL;
}

/* A zombie has gone: only its parent, somebody of this machine, has not noticed. */
static gboolean
lives(const char *pid)
{
    g_autofree char *path = g_strconcat("/proc/", pid, "/stat", NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, ") Z ") == NULL;
}

static gboolean
are_gone(gpointer path)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    words = g_strsplit_set(g_strstrip(text), " \n", -1);
    for (char **word = words; *word != NULL; word++) {
        if (lives(*word))
            return FALSE;
    }
    return TRUE;
}

static void
wait_for_file(AqrPredicate predicate, char *path)
{
    for (int i = 0; i < 200 && !predicate(path); i++)
        attend_for(50);
    ck_assert(predicate(path));
}

START_TEST(kills_all_of_it)
{
    g_autofree char *script = g_strdup_printf("cd %s; %s", agent->dir, stubborn[_i].script);
    g_autofree char *path = g_build_filename(agent->dir, "pids", NULL);
    const char *const argv[] = { "sh", "-c", script, NULL };
    gint64 since;
    Job job;

    job_init(&job, NULL, 0);
    job_start(&job, agent, argv, FALSE);
    wait_for_file(has_pids, path);
    attend_for(100);
    ck_assert(!are_gone(path));
    since = g_get_monotonic_time();
    job_kill(&job);
    wait_for_file(are_gone, path);
    if (!stubborn[_i].ignores_term) /* SIGKILL comes after 3 seconds */
        ck_assert_int_lt(g_get_monotonic_time() - since, 2500 * G_TIME_SPAN_MILLISECOND);
    ck_assert(!job.ended); /* nobody is told of it */
    ck_assert_int_eq(run_script(agent, "true", NULL), 0);
    job_clear(&job);
}
END_TEST

/* --- a terminal --------------------------------------------------------------------------- */

START_TEST(runs_on_terminal)
{
    const char *const argv[] = {
        "sh", "-c", "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo yes >/dev/tty; sleep 0.1; exit 5",
        NULL
    };
    Job job;

    job_init(&job, NULL, 0);
    job_start(&job, agent, argv, TRUE);
    aqr_guest_command_resize(job.command, 33, 77);
    job_wait(&job);
    ck_assert_int_eq(job.status, 5);
    ck_assert_output(&job, 1, "yes\r\n");
    job_clear(&job);
}
END_TEST

#define AT_ONCE 10

static void
finish(Job *job, const char *said)
{
    job_wait(job);
    ck_assert_output(job, 1, said);
    job_clear(job);
}

static void
say_last_words_at_once(int nowhere)
{
    const char *const argv[] = { "printf", "the last words\\n", NULL };
    Job jobs[AT_ONCE];

    for (int i = 0; i < AT_ONCE; i++) {
        job_init(&jobs[i], NULL, 0);
        dup3(nowhere, jobs[i].fds[0], O_CLOEXEC);
        job_start(&jobs[i], agent, argv, TRUE);
    }
    for (int i = 0; i < AT_ONCE; i++)
        finish(&jobs[i], "the last words\r\n");
}

/* The kernel takes its time between the two ends of a terminal, the more so the
 * more there is to do. */
START_TEST(loses_no_output_on_terminal)
{
    int nowhere = open("/dev/null", O_RDONLY | O_CLOEXEC);

    for (int i = 0; i < 50; i++)
        say_last_words_at_once(nowhere);
    close(nowhere);
}
END_TEST

START_TEST(tells_terminals_size)
{
    const char *const argv[] = { "sh", "-c", "sleep 0.3; stty size", NULL };
    Job job;

    job_init(&job, NULL, 0);
    job_start(&job, agent, argv, TRUE);
    aqr_guest_command_resize(job.command, 33, 77);
    job_wait(&job);
    ck_assert_output(&job, 1, "33 77\r\n");
    job_clear(&job);
}
END_TEST

/* --- the link goes ---------------------------------------------------------------------------- */

static void
kill_agent(void)
{
    kill(agent->agent, SIGKILL);
    agent->killed = TRUE;
}

static void
drop_link(void)
{
    aqr_guest_link_drop(agent->link);
}

/* There is no such frame: what follows could be anything, and the agent goes. */
static void
talk_nonsense(void)
{
    aqr_guest_link_send(agent->link, (AqrWireType)(AQR_WIRE_GREET + 1), 1, 0, NULL, 0);
}

static void (*const losses[])(void) = { kill_agent, drop_link, talk_nonsense };

START_TEST(is_lost_with_agent)
{
    const char *const argv[] = { "sleep", "60", NULL };
    Job jobs[3];

    for (gsize i = 0; i < G_N_ELEMENTS(jobs); i++) {
        job_init(&jobs[i], NULL, 0);
        job_start(&jobs[i], agent, argv, FALSE);
    }
    attend_for(100);
    losses[_i]();
    for (gsize i = 0; i < G_N_ELEMENTS(jobs); i++) {
        job_wait(&jobs[i]);
        ck_assert_int_eq(jobs[i].status, -1);
        job_clear(&jobs[i]);
    }
}
END_TEST

START_TEST(cannot_start_without_link)
{
    const char *const argv[] = { "true", NULL };
    Job job;

    aqr_guest_link_drop(agent->link);
    job_init(&job, NULL, 0);
    job_start(&job, agent, argv, FALSE);
    ck_assert_ptr_null(job.command);
    ck_assert(job.ended);
    ck_assert_int_eq(job.status, -1);
    job_clear(&job);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, kills_all_of_it, 0, G_N_ELEMENTS(stubborn));
    tcase_add_test(tcase, runs_on_terminal);
    tcase_add_test(tcase, loses_no_output_on_terminal);
    tcase_add_test(tcase, tells_terminals_size);
    tcase_add_loop_test(tcase, is_lost_with_agent, 0, G_N_ELEMENTS(losses));
    tcase_add_test(tcase, cannot_start_without_link);
}
