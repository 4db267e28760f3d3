/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Where leases are kept, what is in the way there, and who comes to them. */
#include "host/lease.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/leases.h"

#define NOBODY 65534

static void
set_up(void)
{
    leases_set_up();
    ck_assert_int_eq(chmod(leases_parent, 0755), 0); /* others come here, too */
    ck_assert_int_eq(g_mkdir(leases_dir, 0700), 0);
    ck_assert_int_eq(chmod(leases_dir, 01777), 0);
}

static char *victim;

static void
make_link(void)
{
    ck_assert_int_eq(symlink(victim, leases_file), 0);
}

static void
make_second_name(void)
{
    ck_assert_int_eq(link(victim, leases_file), 0);
}

static void
make_fifo(void)
{
    ck_assert_int_eq(mkfifo(leases_file, 0666), 0);
}

static void
make_directory(void)
{
    ck_assert_int_eq(mkdir(leases_file, 0777), 0);
}

static void (*const odd[])(void) = { make_link, make_second_name, make_fifo, make_directory };

START_TEST(takes_plain_files_only)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    victim = g_build_filename(leases_parent, "victim", NULL);
    ck_assert(g_file_set_contents(victim, "keep", -1, NULL));
    odd[_i]();
    ck_assert_ptr_null(aqr_lease_take(LEASES_SLOT, "", &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(aqr_lease_is_held(LEASES_SLOT, NULL)); /* nobody can have it */
    ck_assert(!aqr_lease_check(LEASES_SLOT, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(g_file_get_contents(victim, &text, NULL, NULL));
    ck_assert_str_eq(text, "keep");
    g_free(victim);
}
END_TEST

START_TEST(wants_a_safe_directory)
{
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(chmod(leases_dir, 0777), 0);
    ck_assert_ptr_null(aqr_lease_take(LEASES_SLOT, "", &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(aqr_lease_is_held(LEASES_SLOT, NULL));
    ck_assert_ptr_null(aqr_lease_watch_new(NULL, NULL, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

START_TEST(is_free_without_a_directory)
{
    g_autofree char *none = g_build_filename(leases_parent, "none", NULL);

    g_setenv("AQR_LEASE_DIR", none, TRUE);
    ck_assert(!aqr_lease_is_held(LEASES_SLOT, NULL));
    ck_assert(!g_file_test(none, G_FILE_TEST_EXISTS));
    aqr_lease_free(leases_take());
    ck_assert(g_file_test(none, G_FILE_TEST_IS_DIR));
}
END_TEST

static gboolean
takes_and_keeps(G_GNUC_UNUSED gpointer data)
{
    return aqr_lease_take(LEASES_SLOT, "mine", NULL) != NULL;
}

static gboolean
removes(G_GNUC_UNUSED gpointer data)
{
    return unlink(leases_file) == 0;
}

static int
as_nobody(gboolean (*check)(gpointer data))
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0)
        _exit(setresuid(NOBODY, NOBODY, NOBODY) == 0 && check(NULL) ? 0 : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

START_TEST(is_for_ordinary_users_too)
{
    AqrLease *lease;

    if (geteuid() != 0)
        return;
    umask(077);
    aqr_lease_free(leases_take());
    ck_assert_int_eq(as_nobody(takes_and_keeps), 0); /* in root's file */
    ck_assert_int_eq(unlink(leases_file), 0);
    ck_assert_int_eq(as_nobody(takes_and_keeps), 0); /* in his own */
    lease = leases_take();
    ck_assert_int_eq(as_nobody(takes_and_keeps), 1);
    ck_assert_int_eq(as_nobody(removes), 1); /* nor can he take it away */
    aqr_lease_free(lease);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, leases_tear_down);
    tcase_add_loop_test(tcase, takes_plain_files_only, 0, G_N_ELEMENTS(odd));
    tcase_add_test(tcase, wants_a_safe_directory);
    tcase_add_test(tcase, is_free_without_a_directory);
    tcase_add_test(tcase, is_for_ordinary_users_too);
}
