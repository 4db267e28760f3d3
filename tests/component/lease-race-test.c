/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Leases between processes that meet at once, over and over. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/lease.h"
#include "host/wait.h"
#include "support/check-main.h"
#include "support/data.h"

#define SLOT "0000:03:00"

/* A wait that ends by the watch's idle look had lost its wake-up. */
#define TOO_LONG (4 * G_TIME_SPAN_SECOND)

enum { CROWD = 20, ROUNDS = 50, PASSES = 1000, DEATHS = 100 };

static char *dir;

/* Between the processes. */
static struct {
    atomic_uint number; /* of leases that were taken */
    atomic_uint inside; /* who has it now */
    atomic_bool over;
} * shared;

static void
set_up(void)
{
    dir = test_make_dir();
    g_setenv("AQR_LEASE_DIR", dir, TRUE);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert(shared != MAP_FAILED);
}

static void
tear_down(void)
{
    test_remove_dir(dir);
    munmap(shared, sizeof *shared);
}

static pid_t
start(gboolean (*run)(unsigned me), unsigned me)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(run(me) ? 0 : 1);
    return pid;
}

static void
join(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

/* --- exactly one ------------------------------------------------------- */

/* All come at the moment when the pipe's writer goes; who has it keeps it until all have
 * tried. */
static int gate[2], tried[2];

static gboolean
try_at_once(G_GNUC_UNUSED unsigned me)
{
    AqrLease *lease;
    char byte;

    close(gate[1]);
    if (read(gate[0], &byte, 1) != 0)
        return FALSE;
    lease = aqr_lease_take(SLOT, "the crowd", NULL);
    if (lease != NULL)
        shared->number++;
    if (write(tried[1], "", 1) != 1)
        return FALSE;
    close(tried[1]);
    while (lease != NULL && read(tried[0], &byte, 1) > 0) {
        /* the others' */
    }
    return TRUE;
}

START_TEST(one_of_a_crowd_gets_it)
{
    pid_t pids[CROWD];

    shared->number = 0;
    if (_i % 2 == 0) /* with and without the directory, and the file */
        aqr_lease_free(aqr_lease_take(SLOT, "", NULL));
    else
        ck_assert_int_eq(rmdir(dir), 0);
    ck_assert_int_eq(pipe(gate), 0);
    ck_assert_int_eq(pipe(tried), 0);
    for (unsigned i = 0; i < CROWD; i++)
        pids[i] = start(try_at_once, i);
    close(gate[0]);
    close(tried[0]);
    close(tried[1]);
    close(gate[1]);
    for (unsigned i = 0; i < CROWD; i++)
        join(pids[i]);
    ck_assert_uint_eq(shared->number, 1);
}
END_TEST

static gboolean
take_and_give(G_GNUC_UNUSED unsigned me)
{
    for (int i = 0; i < PASSES;) {
        AqrLease *lease = aqr_lease_take(SLOT, "", NULL);

        if (lease == NULL)
            continue;
        if (shared->inside++ != 0)
            return FALSE;
        shared->inside--;
        aqr_lease_free(lease);
        i++;
    }
    return TRUE;
}

START_TEST(two_never_have_it)
{
    pid_t pids[3];

    for (unsigned i = 0; i < G_N_ELEMENTS(pids); i++)
        pids[i] = start(take_and_give, i);
    for (unsigned i = 0; i < G_N_ELEMENTS(pids); i++)
        join(pids[i]);
}
END_TEST

static gboolean
look(G_GNUC_UNUSED unsigned me)
{
    while (!shared->over)
        aqr_lease_is_held(SLOT, NULL);
    return TRUE;
}

/* Who only looks is never taken for a holder. */
START_TEST(lookers_are_in_nobodys_way)
{
    pid_t pids[3];

    for (unsigned i = 0; i < G_N_ELEMENTS(pids); i++)
        pids[i] = start(look, i);
    for (int i = 0; i < PASSES; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(AqrLease) lease = aqr_lease_take(SLOT, "", &error);

        ck_assert_no_error(error);
    }
    shared->over = TRUE;
    for (unsigned i = 0; i < G_N_ELEMENTS(pids); i++)
        join(pids[i]);
}
END_TEST

/* --- no lost wake-up --------------------------------------------------- */

typedef struct {
    unsigned me;
    AqrLease *lease;
} Turn;

static void
wake(G_GNUC_UNUSED gpointer data)
{
}

static gboolean
has_turn(gpointer data)
{
    Turn *turn = data;

    if (shared->number % 2 == turn->me)
        turn->lease = aqr_lease_take(SLOT, "back and forth", NULL);
    return turn->lease != NULL;
}

static gboolean
wait_turn(Turn *turn)
{
    AqrPatience patience = aqr_patience(TOO_LONG, NULL);

    return aqr_wait_until(has_turn, turn, "the lease", &patience, NULL);
}

/* It is the other's turn before he can have it: so he is woken by the lease's end alone. */
static gboolean
pass(unsigned me)
{
    g_autoptr(AqrLeaseWatch) watch = aqr_lease_watch_new(wake, NULL, NULL);

    for (int i = 0; i < PASSES; i++) {
        Turn turn = { .me = me };

        if (!wait_turn(&turn))
            return FALSE;
        shared->number++;
        aqr_lease_free(turn.lease);
    }
    return TRUE;
}

START_TEST(goes_back_and_forth)
{
    pid_t one = start(pass, 0), other = start(pass, 1);

    join(one);
    join(other);
    ck_assert_uint_eq(shared->number, 2 * PASSES);
}
END_TEST

/* Of a process that lives until it is killed. */
static gboolean
hold(G_GNUC_UNUSED unsigned me)
{
    if (aqr_lease_take(SLOT, "dies", NULL) == NULL)
        return FALSE;
    shared->number = 0;
    pause();
    return TRUE;
}

START_TEST(wakes_when_a_holder_is_killed)
{
    g_autoptr(AqrLeaseWatch) watch = aqr_lease_watch_new(wake, NULL, NULL);

    for (int i = 0; i < DEATHS; i++) {
        Turn turn = { .me = 0 };
        pid_t pid;

        shared->number = 1;
        pid = start(hold, 0);
        while (shared->number == 1)
            sched_yield();
        kill(pid, SIGKILL);
        ck_assert(wait_turn(&turn));
        aqr_lease_free(turn.lease);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    }
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, one_of_a_crowd_gets_it, 0, ROUNDS);
    tcase_add_test(tcase, two_never_have_it);
    tcase_add_test(tcase, lookers_are_in_nobodys_way);
    tcase_add_test(tcase, goes_back_and_forth);
    tcase_add_test(tcase, wakes_when_a_holder_is_killed);
}
