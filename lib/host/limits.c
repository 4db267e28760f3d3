/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/limits.h"

#include <glib.h>
#include <sys/resource.h>

/* libvirt makes a map of all there could be, before it starts QEMU. */
#define MAX_FILES 65536

static struct rlimit before;

void
aqr_limits_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= MAX_FILES)
        return;
    before = limit;
    limit.rlim_cur = MIN(limit.rlim_max, MAX_FILES);
    setrlimit(RLIMIT_NOFILE, &limit);
}

void
aqr_limits_restore(G_GNUC_UNUSED void *unused)
{
    if (before.rlim_cur != 0)
        setrlimit(RLIMIT_NOFILE, &before);
}
