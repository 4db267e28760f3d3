/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The keeper of a server that lives: its start, and both of its ends. */
#include "kept-leases.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/lasting-child.h"

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
    lasting_child_end(qemu);
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
    g_autofree char *path = g_build_filename(leases_parent, "lost", NULL);
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
    lasting_child_end(qemu);
    wait_free();
    aqr_keeper_abandon(NULL);
}
END_TEST

/* Such a lock says that the server's work is not to be cleared up yet. */
START_TEST(keeps_other_locks)
{
    g_autofree char *path = g_build_filename(leases_parent, "lock", NULL);
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
    lasting_child_end(qemu);
    ck_assert_int_eq(flock(other, LOCK_EX), 0); /* the keeper has ended */
    ck_assert(are_free(NULL));
    close(other);
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
    tcase_add_checked_fixture(tcase, kept_leases_set_up, leases_tear_down);
    tcase_add_test(tcase, ends_when_told);
    tcase_add_test(tcase, tells_what_cannot_be_started);
    tcase_add_loop_test(tcase, notices_one_that_ends_at_once, 0, G_N_ELEMENTS(broken));
    tcase_add_test(tcase, may_be_lost);
    tcase_add_test(tcase, takes_over_what_is_abandoned);
    tcase_add_test(tcase, keeps_other_locks);
    tcase_add_test(tcase, wants_its_arguments);
}
