/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/wait.h"

#include <signal.h>
#include <string.h>

#include "support/check-main.h"

#define MS G_TIME_SPAN_MILLISECOND

static gboolean
holds(gpointer data)
{
    return *(gboolean *)data;
}

static gboolean
make_true(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean
raise_sigterm(G_GNUC_UNUSED gpointer data)
{
    raise(SIGTERM);
    return G_SOURCE_REMOVE;
}

/* What holds already needs no patience. */
START_TEST(sees_what_holds)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    AqrPatience patience = aqr_patience(-1, stop);
    gboolean flag = TRUE;

    aqr_stop_request(stop, "enough");
    ck_assert(aqr_patience_is_over(&patience));
    ck_assert(aqr_wait_until(holds, &flag, "the flag", &patience, &error));
    ck_assert_no_error(error);
}
END_TEST

static const gint64 patiences[] = { 0, 20 * G_TIME_SPAN_SECOND };

START_TEST(waits_for_source)
{
    g_autoptr(GError) error = NULL;
    AqrPatience patience = aqr_patience(patiences[_i], NULL);
    gint64 since = g_get_monotonic_time();
    gboolean flag = FALSE;

    g_timeout_add(30, make_true, &flag);
    ck_assert(aqr_wait_until(holds, &flag, "the flag", &patience, &error));
    ck_assert_no_error(error);
    ck_assert_int_ge(g_get_monotonic_time() - since, 29 * MS);
    ck_assert_int_lt(g_get_monotonic_time() - since, 10 * G_TIME_SPAN_SECOND);
}
END_TEST

START_TEST(gives_up)
{
    g_autoptr(GError) error = NULL;
    AqrPatience patience = aqr_patience(50 * MS, NULL);
    gint64 since = g_get_monotonic_time();
    gboolean flag = FALSE;

    ck_assert(!aqr_patience_is_over(&patience));
    ck_assert(!aqr_wait_until(holds, &flag, "the guest's agent", &patience, &error));
    ck_assert(g_str_has_prefix(error->message, "gave up waiting for the guest's agent after 0."));
    ck_assert_error(error, AQR_ERROR_GUEST);
    ck_assert(aqr_patience_is_over(&patience));
    ck_assert_int_ge(g_get_monotonic_time() - since, 50 * MS);
    ck_assert_int_lt(g_get_monotonic_time() - since, 10 * G_TIME_SPAN_SECOND);
}
END_TEST

/* A deadline is one for all that waits with it. */
START_TEST(shares_patience)
{
    AqrPatience patience = aqr_patience(50 * MS, NULL);
    gint64 since = g_get_monotonic_time();
    gboolean flag = FALSE;

    for (int i = 0; i < 100; i++)
        ck_assert(!aqr_wait_until(holds, &flag, "the flag", &patience, NULL));
    ck_assert_int_lt(g_get_monotonic_time() - since, 2 * G_TIME_SPAN_SECOND);
}
END_TEST

START_TEST(never_ends_of_itself)
{
    AqrPatience patience = aqr_patience(0, NULL);

    ck_assert_int_eq(patience.until, 0);
    ck_assert(!aqr_patience_is_over(&patience));
}
END_TEST

START_TEST(is_cut_short)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    AqrPatience patience = aqr_patience(patiences[_i], stop);
    gint64 since = g_get_monotonic_time();
    gboolean flag = FALSE;

    g_timeout_add(20, raise_sigterm, NULL);
    ck_assert(!aqr_wait_until(holds, &flag, "the guest", &patience, &error));
    ck_assert_str_eq(error->message,
                     "stopped by signal 15 (Terminated) while waiting for the guest");
    ck_assert_error(error, AQR_ERROR_STOPPED);
    ck_assert_int_lt(g_get_monotonic_time() - since, 10 * G_TIME_SPAN_SECOND);
}
END_TEST

/* Cleaning up goes on after the signal. */
START_TEST(is_not_cut_short_without_stop)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    AqrPatience patience = aqr_patience(20 * G_TIME_SPAN_SECOND, NULL);
    gboolean flag = FALSE;

    aqr_stop_request(stop, "enough");
    g_timeout_add(20, make_true, &flag);
    ck_assert(aqr_wait_until(holds, &flag, "the flag", &patience, &error));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, sees_what_holds);
    tcase_add_loop_test(tcase, waits_for_source, 0, G_N_ELEMENTS(patiences));
    tcase_add_test(tcase, gives_up);
    tcase_add_test(tcase, shares_patience);
    tcase_add_test(tcase, never_ends_of_itself);
    tcase_add_loop_test(tcase, is_cut_short, 0, G_N_ELEMENTS(patiences));
    tcase_add_test(tcase, is_not_cut_short_without_stop);
}
