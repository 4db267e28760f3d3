/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Who waits for a lease is woken when one is given back. */
#include "host/lease.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/leases.h"

static guint changes;

static void
set_up(void)
{
    leases_set_up();
    ck_assert_int_eq(g_mkdir(leases_dir, 0700), 0);
    ck_assert_int_eq(chmod(leases_dir, 01777), 0);
    changes = 0;
}

static void
count(gpointer data)
{
    ck_assert_ptr_eq(data, &changes);
    changes++;
}

static AqrLeaseWatch *
watch(void)
{
    g_autoptr(GError) error = NULL;
    AqrLeaseWatch *made = aqr_lease_watch_new(count, &changes, &error);

    ck_assert_no_error(error);
    return made;
}

static void
attend(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

/* Who waits tries, and must not wake who waits too. */
START_TEST(is_not_woken_by_who_looks)
{
    g_autoptr(AqrLease) lease = leases_take();
    g_autoptr(AqrLeaseWatch) made = watch();

    ck_assert_ptr_null(aqr_lease_take(LEASES_SLOT, "", NULL));
    ck_assert(aqr_lease_is_held(LEASES_SLOT, NULL));
    ck_assert(!aqr_lease_is_held("0000:04:00", NULL));
    ck_assert(!aqr_lease_check(LEASES_SLOT, NULL));
    ck_assert(aqr_lease_check("0000:04:00", NULL));
    attend();
    ck_assert_uint_eq(changes, 0);
}
END_TEST

START_TEST(wakes_for_a_lease)
{
    AqrLease *lease = leases_take();
    g_autoptr(AqrLeaseWatch) made = watch();

    aqr_lease_free(lease);
    attend();
    ck_assert_uint_gt(changes, 0);
}
END_TEST

START_TEST(wakes_for_a_quarantine)
{
    g_autofree char *name = g_strconcat(leases_file, ".quarantine", NULL);
    AqrLeaseWatch *made;

    ck_assert(g_file_set_contents(name, "sick", -1, NULL));
    made = watch();
    ck_assert_int_eq(unlink(name), 0);
    attend();
    ck_assert_uint_gt(changes, 0);
    aqr_lease_watch_free(made);
}
END_TEST

/* Such a lease gives no event: it is found all the same. */
START_TEST(finds_what_gives_no_event)
{
    g_autoptr(AqrLeaseWatch) made = watch();

    while (changes == 0)
        g_main_context_iteration(NULL, TRUE);
}
END_TEST

START_TEST(watches_a_directory_made_anew)
{
    g_autoptr(AqrLeaseWatch) made = watch();
    AqrLease *lease;
    guint before;

    ck_assert_int_eq(rmdir(leases_dir), 0);
    lease = leases_take();
    while (changes < 2) /* that it has gone, and the look that follows */
        g_main_context_iteration(NULL, TRUE);
    before = changes;
    aqr_lease_free(lease);
    attend();
    ck_assert_uint_gt(changes, before);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, leases_tear_down);
    tcase_add_test(tcase, is_not_woken_by_who_looks);
    tcase_add_test(tcase, wakes_for_a_lease);
    tcase_add_test(tcase, wakes_for_a_quarantine);
    tcase_add_test(tcase, finds_what_gives_no_event);
    tcase_add_test(tcase, watches_a_directory_made_anew);
}
