/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the agent asks of a restored guest's kernel. The kernel is a fake one (--wrap, in
 * meson.build): no clock is set. */
#include "renew.h"

#include <errno.h>
#include <linux/random.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "support/check-main.h"

static int clock_error, add_error, reseed_error; /* errno, or 0 */
static struct timespec set;
static int entropy_count, buf_size;
static char stirred[64];
static gboolean reseeded;

int __wrap_clock_settime(clockid_t clock, const struct timespec *now);
int __wrap_ioctl(int fd, unsigned long request, ...);

static int
answer(int error)
{
    errno = error;
    return error == 0 ? 0 : -1;
}

int
__wrap_clock_settime(clockid_t clock, const struct timespec *now)
{
    ck_assert_int_eq(clock, CLOCK_REALTIME);
    set = *now;
    return answer(clock_error);
}

static int
add_entropy(const struct rand_pool_info *pool)
{
    entropy_count = pool->entropy_count;
    buf_size = pool->buf_size;
    ck_assert_int_le(buf_size, (int)sizeof stirred);
    memcpy(stirred, pool->buf, (gsize)buf_size);
    return answer(add_error);
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
    const struct rand_pool_info *pool;
    va_list rest;

    ck_assert_int_ge(fd, 0);
    if (request == RNDRESEEDCRNG) {
        reseeded = buf_size > 0; /* after they were added */
        return answer(reseed_error);
    }
    ck_assert_uint_eq(request, RNDADDENTROPY);
    va_start(rest, request);
    pool = va_arg(rest, const struct rand_pool_info *);
    va_end(rest);
    return add_entropy(pool);
}

static const struct {
    guint64 time;
    time_t seconds;
    long nanoseconds;
} times[] = {
    { 0, 0, 0 },
    { 1770000000999999, 1770000000, 999999000 },
    { 5000000000000001, 5000000000, 1000 }, /* beyond 2038 */
};

START_TEST(sets_clock)
{
    clock_error = 0;
    ck_assert(renew_clock(times[_i].time));
    ck_assert_int_eq(set.tv_sec, times[_i].seconds);
    ck_assert_int_eq(set.tv_nsec, times[_i].nanoseconds);
    clock_error = EPERM;
    ck_assert(!renew_clock(times[_i].time));
}
END_TEST

static const struct {
    int add_error, reseed_error;
    gboolean renewed;
} answers[] = {
    { 0, 0, TRUE },        { 0, ENOTTY, TRUE }, { 0, EINVAL, TRUE }, /* before Linux 4.14 */
    { 0, ENODATA, FALSE }, { EPERM, 0, FALSE },
};

START_TEST(stirs)
{
    static const uint8_t seed[64] = { 1, 2, 3, [63] = 0xff };

    add_error = answers[_i].add_error;
    reseed_error = answers[_i].reseed_error;
    ck_assert_int_eq(renew_entropy(seed, sizeof seed), answers[_i].renewed);
    ck_assert_int_eq(entropy_count, 8 * (int)sizeof seed);
    ck_assert_int_eq(buf_size, (int)sizeof seed);
    ck_assert_mem_eq(stirred, seed, sizeof seed);
    ck_assert_int_eq(reseeded, add_error == 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, sets_clock, 0, G_N_ELEMENTS(times));
    tcase_add_loop_test(tcase, stirs, 0, G_N_ELEMENTS(answers));
}
