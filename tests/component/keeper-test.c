/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The real keeper, of a process that is killed, with leases and processes that are real and
 * drivers that are not. */
#include "host/keeper.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/process.h"
#include "host/quarantine.h"
#include "support/check-main.h"
#include "support/data.h"

#define SLOT "0000:03:00"
#define OTHER "0000:04:00"

static char *dir;
static char *leases_dir;

static void
set_up(void)
{
    dir = test_make_dir();
    leases_dir = g_build_filename(dir, "leases", NULL);
    g_setenv("AQR_LEASE_DIR", leases_dir, TRUE);
    g_set_prgname("keeper-test");
    signal(SIGPIPE, SIG_IGN);
}

static void
tear_down(void)
{
    test_remove_dir(dir);
    g_free(leases_dir);
}

/* (transfer full): a program that is the keeper with another grace. */
static char *
keeper_with_grace(int seconds)
{
    char *path = g_build_filename(dir, "keeper", NULL);
    g_autofree char *script = g_strdup_printf("#!/bin/sh\nexec %s --grace=%d \"$@\"\n",
                                              g_getenv("AQR_TEST_KEEPER"), seconds);

    ck_assert(g_file_set_contents(path, script, -1, NULL));
    ck_assert_int_eq(g_chmod(path, 0755), 0);
    return path;
}

static GPtrArray *
take_leases(void)
{
    GPtrArray *leases = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_lease_free);

    g_ptr_array_add(leases, aqr_lease_take(SLOT, "a test", NULL));
    g_ptr_array_add(leases, aqr_lease_take(OTHER, "a test", NULL));
    ck_assert_ptr_nonnull(leases->pdata[0]);
    ck_assert_ptr_nonnull(leases->pdata[1]);
    return leases;
}

static AqrKeeper *
start_keeper(const char *program, const GPtrArray *leases)
{
    g_autoptr(AqrGpuDrivers) drivers = aqr_gpu_drivers_parse("0000:ff:1f.7=amdgpu", NULL);
    g_autoptr(GError) error = NULL;
    AqrKeeper *keeper = aqr_keeper_new(program, leases, drivers, NULL, &error);

    ck_assert_no_error(error);
    return keeper;
}

static GPid
start_process(const char *script)
{
    GPid pid = fork();

    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, NULL);
        _exit(127);
    }
    return pid;
}

/* A server that has the leases and a keeper, which it tells of @qemu, until it is killed. */
static GPid
start_server(const char *program, GPid qemu, guint n_orders)
{
    GPid pid;
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        GPtrArray *leases = take_leases();
        AqrKeeper *keeper = start_keeper(program, leases);

        for (guint i = 0; i < n_orders; i++)
            aqr_keeper_tell_qemu(keeper, i + 1 < n_orders ? getpid() : qemu);
        if (write(fds[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    close(fds[1]);
    ck_assert_int_eq(read(fds[0], fds, 1), 1);
    close(fds[0]);
    return pid;
}

static void
kill_server(GPid pid)
{
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void
wake(G_GNUC_UNUSED gpointer data)
{
}

static gboolean
are_free(G_GNUC_UNUSED gpointer data)
{
    return !aqr_lease_is_held(SLOT, NULL) && !aqr_lease_is_held(OTHER, NULL);
}

/* The test's time-out ends a wait for what does not come. */
static void
wait_free(void)
{
    g_autoptr(AqrLeaseWatch) watch = aqr_lease_watch_new(wake, NULL, NULL);
    AqrPatience patience = aqr_patience(0, NULL);

    ck_assert(aqr_wait_until(are_free, NULL, "the leases", &patience, NULL));
}

/* Until the keeper is the one who has them: its pid. */
static GPid
wait_keeper(void)
{
    for (;;) {
        g_auto(AqrLeaseHolder) holder = { 0 };

        ck_assert(aqr_lease_is_held(SLOT, &holder));
        if (g_strcmp0(holder.program, "rocm-gpu-keeper") == 0)
            return holder.pid;
        sched_yield();
    }
}

static gboolean
is_running(GPid pid)
{
    int status;

    return waitpid(pid, &status, WNOHANG) == 0;
}

/* --- an orderly end ------------------------------------------------------ */

START_TEST(ends_when_told)
{
    GPid qemu = start_process("exec sleep 1000"); /* first: until its exec it has all of ours */
    g_autoptr(GPtrArray) leases = take_leases();
    AqrKeeper *keeper = start_keeper(g_getenv("AQR_TEST_KEEPER"), leases);
    gint64 before = g_get_monotonic_time();
    g_auto(AqrLeaseHolder) holder = { 0 };

    aqr_keeper_tell_qemu(keeper, qemu);
    aqr_keeper_tell_qemu(keeper, 0);
    aqr_keeper_tell_qemu(keeper, qemu);
    aqr_keeper_free(keeper);
    ck_assert_int_lt(g_get_monotonic_time() - before, 5 * G_TIME_SPAN_SECOND);
    ck_assert(is_running(qemu));
    ck_assert(aqr_lease_is_held(SLOT, &holder)); /* by us, still */
    ck_assert_int_eq(holder.pid, getpid());
    g_clear_pointer(&leases, g_ptr_array_unref);
    ck_assert(are_free(NULL));
    aqr_keeper_free(NULL);
    kill_server(qemu);
}
END_TEST

START_TEST(tells_what_cannot_be_started)
{
    g_autoptr(GPtrArray) leases = take_leases();
    g_autoptr(AqrGpuDrivers) drivers = aqr_gpu_drivers_parse("", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_keeper_new("/no/such/keeper", leases, drivers, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "/no/such/keeper"));
    ck_assert_error(error, AQR_ERROR_HOST);
    g_clear_pointer(&leases, g_ptr_array_unref);
    ck_assert(are_free(NULL));
}
END_TEST

static const char *const broken[] = { "/bin/true", "/bin/false" };

START_TEST(notices_one_that_ends_at_once)
{
    g_autoptr(GPtrArray) leases = take_leases();
    g_autoptr(AqrGpuDrivers) drivers = aqr_gpu_drivers_parse("", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_keeper_new(broken[_i], leases, drivers, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "it has ended at once"));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

/* Somebody has killed it: then the server is on its own. */
START_TEST(may_be_lost)
{
    g_autofree char *path = g_build_filename(dir, "lost", NULL);
    g_autoptr(GPtrArray) leases = take_leases();
    AqrKeeper *keeper;

    ck_assert(g_file_set_contents(path, "#!/bin/sh\necho\n", -1, NULL));
    ck_assert_int_eq(g_chmod(path, 0755), 0);
    keeper = start_keeper(path, leases);
    for (int i = 0; i < 100; i++)
        aqr_keeper_tell_qemu(keeper, getpid());
    aqr_keeper_free(keeper);
}
END_TEST

/* --- an end that is none ------------------------------------------------- */

/* It does what it would if this process had been killed, while this one goes on. */
START_TEST(takes_over_what_is_abandoned)
{
    GPid qemu = start_process("exec sleep 1000");
    GPtrArray *leases = take_leases();
    AqrKeeper *keeper = start_keeper(g_getenv("AQR_TEST_KEEPER"), leases);
    gint64 before = g_get_monotonic_time();

    aqr_keeper_tell_qemu(keeper, qemu);
    aqr_keeper_abandon(keeper);
    ck_assert_int_lt(g_get_monotonic_time() - before, 5 * G_TIME_SPAN_SECOND);
    wait_keeper();
    g_ptr_array_unref(leases);
    ck_assert(aqr_lease_is_held(SLOT, NULL));
    ck_assert(is_running(qemu));
    kill_server(qemu);
    wait_free();
    aqr_keeper_abandon(NULL);
}
END_TEST

/* Such a lock says that the server's work is not to be cleared up yet. */
START_TEST(keeps_other_locks)
{
    g_autofree char *path = g_build_filename(dir, "lock", NULL);
    g_autoptr(AqrGpuDrivers) drivers = aqr_gpu_drivers_parse("", NULL);
    GPid qemu = start_process("exec sleep 1000");
    GPtrArray *leases = take_leases();
    int keep_open[] = { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), -1 };
    int other = open(path, O_RDWR | O_CLOEXEC);
    AqrKeeper *keeper;

    ck_assert_int_eq(flock(keep_open[0], LOCK_EX), 0);
    keeper = aqr_keeper_new(g_getenv("AQR_TEST_KEEPER"), leases, drivers, keep_open, NULL);
    close(keep_open[0]);
    g_ptr_array_unref(leases);
    aqr_keeper_tell_qemu(keeper, qemu);
    aqr_keeper_abandon(keeper);
    ck_assert_int_lt(flock(other, LOCK_EX | LOCK_NB), 0);
    kill_server(qemu);
    ck_assert_int_eq(flock(other, LOCK_EX), 0); /* the keeper has ended */
    ck_assert(are_free(NULL));
    close(other);
}
END_TEST

/* --- a server that is killed --------------------------------------------- */

START_TEST(gives_back_at_once_without_qemu)
{
    GPid server = start_server(g_getenv("AQR_TEST_KEEPER"), 0, (guint)_i);

    ck_assert(aqr_lease_is_held(SLOT, NULL));
    kill_server(server);
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

    kill_server(server);
    keeper = wait_keeper();
    ck_assert_int_ne(keeper, server);
    ck_assert_ptr_null(aqr_lease_take(SLOT, "", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "(rocm-gpu-keeper: gives it back after"));
    ck_assert_ptr_null(aqr_lease_take(OTHER, "", NULL));
    ck_assert(is_running(qemu));
    kill_server(qemu); /* it ends of itself, sooner than the grace */
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
    kill_server(server);
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

/* The server was killed before it knew its QEMU. */
START_TEST(ends_the_qemu_of_its_domain)
{
    g_autofree char *program = keeper_with_grace(1);
    g_autofree char *script = NULL;
    int status, input[2], fds[2];
    GPid qemu, server;

    ck_assert_int_eq(pipe(input), 0);
    script = named_qemu(input[0]);
    qemu = start_process(script);
    ck_assert_int_eq(waitpid(qemu, &status, WUNTRACED), qemu); /* it is what it says */
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    server = fork();
    if (server == 0) {
        aqr_keeper_tell_domain(start_keeper(program, take_leases()), "keeper-test", FALSE);
        if (write(fds[1], "", 1) == 1)
            pause();
        _exit(1);
    }
    ck_assert_int_eq(read(fds[0], fds, 1), 1);
    kill_server(server);
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
    kill_server(other);
}
END_TEST

static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE };

START_TEST(minds_no_signal)
{
    GPid qemu = start_process("exec sleep 1000");
    GPid server = start_server(g_getenv("AQR_TEST_KEEPER"), qemu, 1), keeper;

    kill_server(server);
    keeper = wait_keeper();
    ck_assert_int_ne(getsid(keeper), getsid(0));
    ck_assert_int_eq(getsid(keeper), keeper);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        ck_assert_int_eq(kill(keeper, signals[i]), 0);
    ck_assert(aqr_lease_is_held(SLOT, NULL));
    ck_assert_int_eq(kill(keeper, 0), 0);
    kill_server(qemu);
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
    kill_server(server);
    ck_assert_int_eq(read(fds[0], &byte, 1), 0);
    kill_server(qemu);
    wait_free();
}
END_TEST

START_TEST(wants_its_arguments)
{
    const char *keeper = g_getenv("AQR_TEST_KEEPER");
    const char *argvs[][4] = { { keeper, NULL },
                               { keeper, "nonsense", NULL },
                               { keeper, "", "0000:03:00", NULL },
                               { keeper, "", "0000:03:00=99", NULL },
                               { keeper, "", "0000:03:00=1", NULL } };
    int status;

    for (gsize i = 0; i < G_N_ELEMENTS(argvs); i++) {
        ck_assert(g_spawn_sync(NULL, (char **)argvs[i], NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                               NULL, &status, NULL));
        ck_assert_int_eq(WEXITSTATUS(status), 2);
    }
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, ends_when_told);
    tcase_add_test(tcase, tells_what_cannot_be_started);
    tcase_add_loop_test(tcase, notices_one_that_ends_at_once, 0, G_N_ELEMENTS(broken));
    tcase_add_test(tcase, may_be_lost);
    tcase_add_test(tcase, takes_over_what_is_abandoned);
    tcase_add_test(tcase, keeps_other_locks);
    tcase_add_loop_test(tcase, gives_back_at_once_without_qemu, 0, 2);
    tcase_add_test(tcase, waits_for_qemu);
    tcase_add_loop_test(tcase, ends_qemu, 0, G_N_ELEMENTS(qemus));
    tcase_add_test(tcase, ends_the_qemu_of_its_domain);
    tcase_add_test(tcase, ends_nobody_else);
    tcase_add_test(tcase, minds_no_signal);
    tcase_add_test(tcase, has_nothing_of_the_server_open);
    tcase_add_test(tcase, wants_its_arguments);
}
