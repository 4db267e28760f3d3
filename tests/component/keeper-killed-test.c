/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A server that is killed: its keeper sees QEMU to its end, and gives back. */
#include "kept-leases.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process.h"
#include "host/quarantine.h"
#include "support/check-main.h"
#include "support/lasting-child.h"

START_TEST(gives_back_at_once_without_qemu)
{
    GPid server = start_server(g_getenv("AQR_TEST_KEEPER"), 0, (guint)_i);

    ck_assert(aqr_lease_is_held(SLOT, NULL));
    lasting_child_end(server);
    wait_free();
    ck_assert_ptr_null(aqr_quarantine_reason(SLOT));
}
END_TEST

/* Meanwhile nobody gets the GPU, and whoever asks is told whom to wait for. */
START_TEST(waits_for_qemu)
{
    GPid qemu = start_process("exec sleep 1000");
    GPid server = start_server(g_getenv("AQR_TEST_KEEPER"), qemu, 1), keeper;
    g_autoptr(GError) error = NULL;

    lasting_child_end(server);
    keeper = wait_keeper();
    ck_assert_int_ne(keeper, server);
    ck_assert_ptr_null(aqr_lease_take(SLOT, "", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "(rocm-gpu-keeper: gives it back after"));
    ck_assert_ptr_null(aqr_lease_take(OTHER, "", NULL));
    ck_assert(is_running(qemu));
    lasting_child_end(qemu); /* it ends of itself, sooner than the grace */
    wait_free();
    ck_assert_ptr_null(aqr_quarantine_reason(SLOT));
}
END_TEST

static const struct {
    const char *script;
    int signal;
} qemus[] = {
    { "exec sleep 1000", SIGTERM },
    { "trap '' TERM; kill -s STOP $$; exec sleep 1000", SIGKILL },
};

START_TEST(ends_qemu)
{
    g_autofree char *program = keeper_with_grace(1);
    GPid qemu = start_process(qemus[_i].script);
    GPid server;
    int status;

    if (qemus[_i].signal == SIGKILL)
        ck_assert_int_eq(waitpid(qemu, &status, WUNTRACED), qemu); /* the trap is set */
    server = start_server(program, qemu, 3);
    lasting_child_end(server);
    ck_assert_int_eq(waitpid(qemu, &status, 0), qemu);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), qemus[_i].signal);
    wait_free();
}
END_TEST

/* (transfer full): stops until it is told to go on, and reads from @fd then. */
static char *
named_qemu(int fd)
{
    return g_strdup_printf("exec sh -c 'kill -s STOP $$; read x </dev/fd/%d' qemu "
                           "-name guest=keeper-test,x=y",
                           fd);
}

static gboolean
serve_domain(gpointer program)
{
    aqr_keeper_tell_domain(start_keeper(program, take_leases()), "keeper-test", FALSE);
    return TRUE;
}

/* The server was killed before it knew its QEMU. */
START_TEST(ends_the_qemu_of_its_domain)
{
    g_autofree char *program = keeper_with_grace(1);
    g_autofree char *script = NULL;
    int status, input[2];
    GPid qemu, server;

    ck_assert_int_eq(pipe(input), 0);
    script = named_qemu(input[0]);
    qemu = start_process(script);
    ck_assert_int_eq(waitpid(qemu, &status, WUNTRACED), qemu); /* it is what it says */
    server = lasting_child_start(serve_domain, program);
    lasting_child_end(server);
    ck_assert_int_eq(kill(qemu, SIGCONT), 0);
    ck_assert_int_eq(waitpid(qemu, &status, 0), qemu);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGTERM);
    wait_free();
    close(input[1]);
}
END_TEST

/* What its number is given to later is not QEMU. */
START_TEST(ends_nobody_else)
{
    g_autofree char *program = keeper_with_grace(0);
    g_autofree char *order = NULL;
    GPid other = start_process("exec sleep 1000");
    g_autoptr(GPtrArray) leases = take_leases();
    g_autofree char *lease = g_strdup_printf("%s=%d", SLOT, aqr_lease_get_fd(leases->pdata[0]));
    int fds[2], status;
    pid_t pid;

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        dup2(fds[0], STDIN_FILENO);
        fcntl(aqr_lease_get_fd(leases->pdata[0]), F_SETFD, 0);
        execl(program, program, "", lease, NULL);
        _exit(127);
    }
    close(fds[0]);
    order = g_strdup_printf("qemu %d %" G_GUINT64_FORMAT "\n", (int)other,
                            aqr_process_start(other) - 1);
    ck_assert_int_eq(write(fds[1], order, strlen(order)), (ssize_t)strlen(order));
    close(fds[1]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert(is_running(other));
    lasting_child_end(other);
}
END_TEST

static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };

START_TEST(minds_no_signal)
{
    GPid qemu = start_process("exec sleep 1000");
    GPid server = start_server(g_getenv("AQR_TEST_KEEPER"), qemu, 1), keeper;

    lasting_child_end(server);
    keeper = wait_keeper();
    ck_assert_int_ne(getsid(keeper), getsid(0));
    ck_assert_int_eq(getsid(keeper), keeper);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        ck_assert_int_eq(kill(keeper, signals[i]), 0);
    ck_assert(aqr_lease_is_held(SLOT, NULL));
    ck_assert_int_eq(kill(keeper, 0), 0);
    lasting_child_end(qemu);
    wait_free();
}
END_TEST

/* Who reads the server's output to its end does not wait for the keeper. */
START_TEST(has_nothing_of_the_server_open)
{
    GPid qemu = start_process("exec sleep 1000"), server;
    int fds[2];
    char byte;

    ck_assert_int_eq(pipe(fds), 0);
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    server = fork();
    if (server == 0) {
        dup2(fds[1], STDOUT_FILENO);
        dup2(fds[1], STDERR_FILENO);
        aqr_keeper_tell_qemu(start_keeper(g_getenv("AQR_TEST_KEEPER"), take_leases()), qemu);
        pause();
    }
    close(fds[1]);
    while (!aqr_lease_is_held(OTHER, NULL))
        sched_yield();
    lasting_child_end(server);
    ck_assert_int_eq(read(fds[0], &byte, 1), 0);
    lasting_child_end(qemu);
    wait_free();
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, kept_leases_set_up, leases_tear_down);
    tcase_add_loop_test(tcase, gives_back_at_once_without_qemu, 0, 2);
    tcase_add_test(tcase, waits_for_qemu);
    tcase_add_loop_test(tcase, ends_qemu, 0, G_N_ELEMENTS(qemus));
    tcase_add_test(tcase, ends_the_qemu_of_its_domain);
    tcase_add_test(tcase, ends_nobody_else);
    tcase_add_test(tcase, minds_no_signal);
    tcase_add_test(tcase, has_nothing_of_the_server_open);
}
