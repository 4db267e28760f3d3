/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/reaper.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"

/* Of the child that becomes a daemon: forks, tells the pid, and goes. */
static void
become_parent_of_daemon(int tell)
{
    pid_t pid;

    setsid();
    pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    _exit(write(tell, &pid, sizeof pid) == sizeof pid ? 0 : 1);
}

static pid_t
start_daemon(void)
{
    pid_t first, pid;
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    first = fork();
    if (first == 0)
        become_parent_of_daemon(ends[1]);
    ck_assert_int_eq(read(ends[0], &pid, sizeof pid), sizeof pid);
    ck_assert_int_eq(waitpid(first, NULL, 0), first); /* which stays ours to wait for */
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static char
read_state(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return '-';
    return strrchr(text, ')')[2];
}

/* Until a process that has ended is a zombie no longer: the test's time-out ends it. */
static void
wait_gone(pid_t pid)
{
    while (kill(pid, 0) == 0)
        sched_yield();
}

START_TEST(reaps_daemon)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrReaper) reaper = aqr_reaper_new(&error);
    pid_t pid;

    ck_assert_no_error(error);
    pid = start_daemon();
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    wait_gone(pid);
}
END_TEST

/* A child that somebody waits for keeps its status. */
START_TEST(leaves_children_alone)
{
    g_autoptr(AqrReaper) reaper = aqr_reaper_new(NULL);
    int status;

    for (int i = 0; i < 20; i++) {
        pid_t daemon = start_daemon(), pid = fork();

        if (pid == 0)
            _exit(7);
        kill(daemon, SIGKILL);
        wait_gone(daemon); /* the reaper has looked at all children */
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(WEXITSTATUS(status), 7);
    }
}
END_TEST

/* Even one that made a session for itself, as a shell on a terminal does. */
START_TEST(leaves_session_leaders_alone)
{
    g_autoptr(AqrReaper) reaper = aqr_reaper_new(NULL);
    pid_t daemon = start_daemon(), pid = fork();
    int status;

    if (pid == 0) {
        setsid();
        _exit(5);
    }
    while (read_state(pid) != 'Z')
        sched_yield();
    kill(daemon, SIGKILL);
    wait_gone(daemon);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 5);
}
END_TEST

START_TEST(leaves_gio_alone)
{
    g_autoptr(AqrReaper) reaper = aqr_reaper_new(NULL);

    for (int i = 0; i < 20; i++) {
        g_autoptr(GSubprocess) child =
            g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, NULL, "sh", "-c", "exit 3", NULL);

        ck_assert(g_subprocess_wait(child, NULL, NULL));
        ck_assert_int_eq(g_subprocess_get_exit_status(child), 3);
    }
}
END_TEST

START_TEST(ends)
{
    struct sigaction after;

    aqr_reaper_free(aqr_reaper_new(NULL));
    aqr_reaper_free(NULL);
    sigaction(SIGCHLD, NULL, &after);
    ck_assert(after.sa_handler == SIG_DFL);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, reaps_daemon);
    tcase_add_test(tcase, leaves_children_alone);
    tcase_add_test(tcase, leaves_session_leaders_alone);
    tcase_add_test(tcase, leaves_gio_alone);
    tcase_add_test(tcase, ends);
}
