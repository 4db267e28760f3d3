/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "host/dir-watch.h"
#include "host/lease-dir.h"
#include "host/lease.h"

struct AqrLeaseWatch {
    AqrDirWatch *watch;
};

AqrLeaseWatch *
aqr_lease_watch_new(void (*changed)(gpointer data), gpointer data, GError **error)
{
    g_autoptr(AqrLeaseWatch) watch = g_new0(AqrLeaseWatch, 1);
    int dir;

    if (!aqr_lease_dir_open(TRUE, &dir, error))
        return NULL;
    close(dir);
    watch->watch = aqr_dir_watch_new(aqr_lease_dir_path(), changed, data, error);
    return watch->watch == NULL ? NULL : g_steal_pointer(&watch);
}

void
aqr_lease_watch_free(AqrLeaseWatch *watch)
{
    if (watch == NULL)
        return;
    aqr_dir_watch_free(watch->watch);
    g_free(watch);
}
