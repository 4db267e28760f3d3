/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/process.h"

#include <sys/prctl.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/lasting-child.h"

START_TEST(knows_a_process)
{
    guint64 start = aqr_process_start(getpid());

    ck_assert_uint_gt(start, 0);
    ck_assert(aqr_process_is(getpid(), start));
    ck_assert(!aqr_process_is(getpid(), start + 1));
    ck_assert(!aqr_process_is(getpid(), 0));
    ck_assert_uint_le(aqr_process_start(getppid()), start);
    ck_assert_int_eq(aqr_process_parent(getpid()), getppid());
}
END_TEST

static const char *const names[] = { ") S 1 2 3", "a b (c) d", "((((", "" };

START_TEST(stands_any_name)
{
    guint64 start = aqr_process_start(getpid());

    prctl(PR_SET_NAME, names[_i]);
    ck_assert_uint_eq(aqr_process_start(getpid()), start);
}
END_TEST

START_TEST(knows_that_it_has_gone)
{
    GPid pid = lasting_child_start(NULL, NULL);
    guint64 start = aqr_process_start(pid);

    ck_assert(aqr_process_is(pid, start));
    lasting_child_end(pid);
    ck_assert(!aqr_process_is(pid, start));
    ck_assert_uint_eq(aqr_process_start(pid), 0);
}
END_TEST

static const GPid nobodies[] = { 0, -1, G_MININT, G_MAXINT };

START_TEST(knows_nobody)
{
    ck_assert_uint_eq(aqr_process_start(nobodies[_i]), 0);
    ck_assert(!aqr_process_is(nobodies[_i], 0));
    ck_assert_int_eq(aqr_process_parent(nobodies[_i]), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, knows_a_process);
    tcase_add_loop_test(tcase, stands_any_name, 0, G_N_ELEMENTS(names));
    tcase_add_test(tcase, knows_that_it_has_gone);
    tcase_add_loop_test(tcase, knows_nobody, 0, G_N_ELEMENTS(nobodies));
}
