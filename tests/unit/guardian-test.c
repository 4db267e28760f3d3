/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"

/* Both processes write down here what they do, the working one also who it is. */
typedef struct {
    int fds[2];
    int ends_with; /* an exit status, or a signal if negative */
    gboolean leaves_one, is_killed;
} Story;

static void
note(const Story *story, const char *word)
{
    ck_assert_int_eq(write(story->fds[1], word, 1), 1);
}

static char
read_note(const Story *story)
{
    char word = 0;

    ck_assert_int_eq(read(story->fds[0], &word, 1), 1);
    return word;
}

static void
clean_up(gpointer data)
{
    note(data, "c");
}

/* --- how it ends ------------------------------------------------------- */

static const Story ends[] = {
    { .ends_with = 0 },
    { .ends_with = 3 },
    { .ends_with = -SIGTERM },
    { .ends_with = -SIGINT, .leaves_one = TRUE },
    { .ends_with = -SIGKILL, .is_killed = TRUE },
    { .ends_with = 0, .leaves_one = TRUE },
    { .ends_with = -SIGKILL, .leaves_one = TRUE, .is_killed = TRUE },
};

static void
sleep_long(char **environment)
{
    const char *const argv[] = { "sleep", "1000", NULL };

    execvpe("sleep", (char *const *)argv, environment);
    _exit(127);
}

/* In a session of its own, with a child of its own. Returns when that is there. */
static void
leave_one(void)
{
    int fds[2];
    char word;

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    if (fork() > 0) {
        close(fds[1]);
        ck_assert_int_eq(read(fds[0], &word, 1), 0); /* both run another program */
        close(fds[0]);
        return;
    }
    setsid();
    (void)fork();
    sleep_long(environ);
}

static int
do_little(gpointer data)
{
    const Story *story = data;

    if (story->leaves_one)
        leave_one();
    if (story->is_killed)
        raise(-story->ends_with);
    return story->ends_with;
}

static pid_t
start(Story *story, int (*work)(gpointer))
{
    pid_t pid;

    ck_assert_int_eq(pipe(story->fds), 0);
    signal(SIGTERM, SIG_DFL); /* check has a handler */
    signal(SIGINT, SIG_DFL);
    pid = fork();
    if (pid == 0)
        _exit(aqr_guardian_run(work, clean_up, story));
    return pid;
}

static int
wait_for(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* When the pipe's last writer has gone, nobody is left. */
START_TEST(ends_as_the_work_ends)
{
    Story story = ends[_i];
    pid_t pid = start(&story, do_little);
    char word;

    ck_assert_int_eq(wait_for(pid), story.ends_with);
    close(story.fds[1]);
    ck_assert_int_eq(read_note(&story), 'c');
    ck_assert_int_eq(read(story.fds[0], &word, 1), 0);
}
END_TEST

/* --- others' ----------------------------------------------------------- */

static int
start_a_daemon(gpointer data)
{
    const Story *story = data;
    char *environment[] = { NULL };
    int fds[2];
    pid_t pid;

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        setsid();
        sleep_long(environment);
    }
    close(fds[1]);
    ck_assert_int_eq(read(fds[0], &(char){ 0 }, 1), 0);
    ck_assert_int_eq(write(story->fds[1], &pid, sizeof pid), sizeof pid);
    leave_one();
    return 0;
}

START_TEST(spares_what_libvirt_starts)
{
    Story story = { 0 };
    pid_t guardian = start(&story, start_a_daemon), daemon = 0;
    char word;

    ck_assert_int_eq(read(story.fds[0], &daemon, sizeof daemon), sizeof daemon);
    ck_assert_int_eq(wait_for(guardian), 0);
    close(story.fds[1]);
    ck_assert_int_eq(read_note(&story), 'c');
    ck_assert_int_eq(kill(daemon, SIGKILL), 0);
    ck_assert_int_eq(read(story.fds[0], &word, 1), 0); /* and nobody else is left */
}
END_TEST

/* --- signals ----------------------------------------------------------- */

static int
wait_for_signal(gpointer data)
{
    sigset_t all;
    int number = 0;

    sigemptyset(&all);
    sigaddset(&all, SIGTERM);
    sigaddset(&all, SIGHUP);
    sigaddset(&all, SIGINT);
    sigaddset(&all, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    note(data, "w");
    sigwait(&all, &number);
    leave_one();
    note(data, "s");
    return number;
}

static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

START_TEST(passes_signals_on)
{
    Story story = { 0 };
    pid_t pid = start(&story, wait_for_signal);

    ck_assert_int_eq(read_note(&story), 'w');
    kill(pid, signals[_i]);
    ck_assert_int_eq(wait_for(pid), signals[_i]);
    ck_assert_int_eq(read_note(&story), 's');
    ck_assert_int_eq(read_note(&story), 'c');
}
END_TEST

START_TEST(work_hears_of_the_guardian_s_end)
{
    Story story = { 0 };
    pid_t pid = start(&story, wait_for_signal);
    char word;

    ck_assert_int_eq(read_note(&story), 'w');
    kill(pid, SIGKILL);
    ck_assert_int_eq(wait_for(pid), -SIGKILL);
    close(story.fds[1]);
    ck_assert_int_eq(read_note(&story), 's');
    ck_assert_int_eq(read(story.fds[0], &word, 1), 0); /* all that could write have gone */
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, ends_as_the_work_ends, 0, G_N_ELEMENTS(ends));
    tcase_add_test(tcase, spares_what_libvirt_starts);
    tcase_add_loop_test(tcase, passes_signals_on, 0, G_N_ELEMENTS(signals));
    tcase_add_test(tcase, work_hears_of_the_guardian_s_end);
}
