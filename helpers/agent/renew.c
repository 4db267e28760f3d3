/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "renew.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PER_SECOND 1000000u

bool
renew_clock(uint64_t time)
{
    struct timespec now = {
        .tv_sec = (time_t)(time / PER_SECOND),
        .tv_nsec = (long)(time % PER_SECOND) * 1000,
    };

    return clock_settime(CLOCK_REALTIME, &now) == 0;
}

/* Bytes that are only written to the device would wait for the next reseeding, which
 * is minutes away. Before Linux 4.14 RNDRESEEDCRNG is not known; what is credited there
 * reseeds by itself. */
static bool
stir(int device, const struct rand_pool_info *pool)
{
    return ioctl(device, RNDADDENTROPY, pool) == 0 &&
           (ioctl(device, RNDRESEEDCRNG) == 0 || errno == ENOTTY || errno == EINVAL);
}

bool
renew_entropy(const uint8_t *seed, size_t length)
{
    struct rand_pool_info *pool = malloc(sizeof *pool + length);
    int device = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    bool stirred;

    if (pool == NULL)
        abort();
    pool->entropy_count = (int)(8 * length); /* bits */
    pool->buf_size = (int)length;
    memcpy(pool->buf, seed, length);
    stirred = device >= 0 && stir(device, pool);
    free(pool);
    if (device >= 0)
        close(device);
    return stirred;
}
