/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/stop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"

static AqrStop *stop;

static const struct {
    int number;
    const char *reason;
} signals[] = {
    { SIGTERM, "stopped by signal 15 (Terminated)" },
    { SIGHUP, "stopped by signal 1 (Hangup)" },
    { SIGINT, "stopped by signal 2 (Interrupt)" },
    { SIGQUIT, "stopped by signal 3 (Quit)" },
};

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;

    /* A shell's background jobs start with some of them ignored. */
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i].number, SIG_DFL);
    stop = aqr_stop_new(&error);
    ck_assert_no_error(error);
}

static void
tear_down(void)
{
    aqr_stop_free(stop);
}

static void
attend(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

START_TEST(notes_signal)
{
    ck_assert_ptr_null(aqr_stop_reason(stop));
    ck_assert_int_eq(aqr_stop_signal(stop), 0);
    raise(signals[_i].number);
    attend();
    ck_assert_pstr_eq(aqr_stop_reason(stop), signals[_i].reason);
    ck_assert_int_eq(aqr_stop_signal(stop), signals[_i].number);
}
END_TEST

START_TEST(notes_first)
{
    aqr_stop_request(stop, "the caller has gone");
    aqr_stop_request(stop, "something else");
    raise(SIGHUP);
    raise(SIGTERM);
    attend();
    ck_assert_str_eq(aqr_stop_reason(stop), "the caller has gone");
    ck_assert_int_eq(aqr_stop_signal(stop), SIGHUP);
}
END_TEST

/* Whoever is impatient sends many: no handler may block on its own pipe. */
START_TEST(stands_a_flood)
{
    for (int i = 0; i < 100000; i++)
        raise(SIGINT);
    attend();
    ck_assert_int_eq(aqr_stop_signal(stop), SIGINT);
}
END_TEST

START_TEST(keeps_errno)
{
    for (int i = 0; i < 70000; i++) /* more than its pipe takes */
        raise(SIGTERM);
    errno = ENOTTY;
    raise(SIGTERM);
    ck_assert_int_eq(errno, ENOTTY);
}
END_TEST

/* A command started in between must not die of what its parent ignores: that is
 * its starter's business. We must not die of it ourselves. */
START_TEST(ignores_sigpipe)
{
    int fds[2];

    signal(SIGPIPE, SIG_DFL);
    tear_down();
    set_up();
    ck_assert_int_eq(pipe(fds), 0);
    close(fds[0]);
    ck_assert_int_eq(write(fds[1], "x", 1), -1);
    ck_assert_int_eq(errno, EPIPE);
}
END_TEST

/* Each row ends the test program: that is what is expected of it. */
START_TEST(gives_back)
{
    g_clear_pointer(&stop, aqr_stop_free);
    raise(signals[_i].number);
}
END_TEST

/* nohup means it. */
START_TEST(leaves_ignored)
{
    g_autoptr(GError) error = NULL;

    tear_down();
    signal(SIGHUP, SIG_IGN);
    stop = aqr_stop_new(&error);
    ck_assert_no_error(error);
    raise(SIGHUP);
    attend();
    ck_assert_ptr_null(aqr_stop_reason(stop));
    raise(SIGTERM);
    attend();
    ck_assert_int_eq(aqr_stop_signal(stop), SIGTERM);
    aqr_stop_free(stop);
    stop = NULL;
    ck_assert(signal(SIGHUP, SIG_DFL) == SIG_IGN);
}
END_TEST

/* A child, as it does not return. It writes before it dies of the second. */
START_TEST(second_ends_at_once)
{
    static const char *const argv[] = { "/bin/sh", "-c", "printf done >&\"$1\"", "sh", "9", NULL };
    char text[8] = "";
    int fds[2], status;
    pid_t child;

    ck_assert_int_eq(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        dup2(fds[1], 9);
        aqr_stop_set_last_resort(argv);
        raise(SIGTERM);
        raise(SIGTERM);       /* the same, twice */
        g_usleep(600 * 1000); /* no event: what tells a second one is the time between them */
        raise(signals[_i].number);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), signals[_i].number);
    ck_assert_int_eq(read(fds[0], text, sizeof text), 4);
    ck_assert_str_eq(text, "done");
    close(fds[0]);
    close(fds[1]);
}
END_TEST

START_TEST(may_be_taken_again)
{
    tear_down();
    set_up();
    raise(SIGTERM);
    attend();
    ck_assert_int_eq(aqr_stop_signal(stop), SIGTERM);
}
END_TEST

START_TEST(is_never_without)
{
    ck_assert_ptr_null(aqr_stop_reason(NULL));
    aqr_stop_free(NULL);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, notes_signal, 0, G_N_ELEMENTS(signals));
    tcase_add_test(tcase, notes_first);
    tcase_add_test(tcase, stands_a_flood);
    tcase_add_test(tcase, keeps_errno);
    tcase_add_test(tcase, ignores_sigpipe);
    for (int i = 0; i < (int)G_N_ELEMENTS(signals); i++)
        tcase_add_loop_test_raise_signal(tcase, gives_back, signals[i].number, i, i + 1);
    tcase_add_test(tcase, leaves_ignored);
    tcase_add_loop_test(tcase, second_ends_at_once, 0, G_N_ELEMENTS(signals));
    tcase_add_test(tcase, may_be_taken_again);
    tcase_add_test(tcase, is_never_without);
}
