/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/limits.h"

#include <sys/resource.h>

#include "support/check-main.h"

static const struct {
    rlim_t soft, hard;
    rlim_t raised;
} limits[] = {
    { 256, 256, 256 },
    { 100, 256, 256 },
    { 256, 1000, 1000 },
};

START_TEST(raises_and_restores)
{
    struct rlimit limit = { limits[_i].soft, limits[_i].hard };

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    aqr_limits_raise();
    getrlimit(RLIMIT_NOFILE, &limit);
    ck_assert_uint_eq(limit.rlim_cur, limits[_i].raised);
    ck_assert_uint_eq(limit.rlim_max, limits[_i].hard);
    aqr_limits_restore(NULL);
    getrlimit(RLIMIT_NOFILE, &limit);
    ck_assert_uint_eq(limit.rlim_cur, limits[_i].soft);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, raises_and_restores, 0, G_N_ELEMENTS(limits));
}
