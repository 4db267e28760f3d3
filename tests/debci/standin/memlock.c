/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Preloaded: any amount of memory may be locked. Without VFIO none is; and root of a container
 * may not raise the limit. All programs here are of 64 bits: each call has two names. */
#undef _FILE_OFFSET_BITS
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALSO(name) __attribute__((alias(#name)))

int
prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *now,
          struct rlimit64 *before)
{
    if (resource != RLIMIT_MEMLOCK)
        return (int)syscall(SYS_prlimit64, pid, resource, now, before);
    if (before != NULL)
        *before = (struct rlimit64){ RLIM64_INFINITY, RLIM64_INFINITY };
    return 0;
}

int
setrlimit64(enum __rlimit_resource resource, const struct rlimit64 *limit)
{
    return prlimit64(0, resource, limit, NULL);
}

int
getrlimit64(enum __rlimit_resource resource, struct rlimit64 *limit)
{
    return prlimit64(0, resource, NULL, limit);
}

int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *now,
            struct rlimit *before) ALSO(prlimit64);
int setrlimit(enum __rlimit_resource resource, const struct rlimit *limit) ALSO(setrlimit64);
int getrlimit(enum __rlimit_resource resource, struct rlimit *limit) ALSO(getrlimit64);
