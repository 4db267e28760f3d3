/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-cache.h"

#include <unistd.h>

#include "base/error.h"
#include "host/dir-watch.h"
#include "host/warm-slot.h"
#include "host/warm-store.h"

#define NAME "autopkgtest-virt-qemu-rocm"

char *
aqr_warm_cache_dir(const char *dir)
{
    if (dir != NULL && *dir != '\0')
        return g_canonicalize_filename(dir, NULL);
    if (geteuid() == 0)
        return g_strdup("/var/cache/" NAME "/warm");
    return g_build_filename(g_get_user_cache_dir(), NAME, "warm", NULL);
}

AqrWarmCache *
aqr_warm_cache_open(const char *dir, guint64 limit, GError **error)
{
    int fd = aqr_warm_store_open(dir, error);
    AqrWarmCache *cache;

    if (fd < 0)
        return NULL;
    cache = g_new0(AqrWarmCache, 1);
    cache->path = g_strdup(dir);
    cache->fd = fd;
    cache->limit = limit;
    return cache;
}

void
aqr_warm_cache_free(AqrWarmCache *cache)
{
    if (cache == NULL)
        return;
    close(cache->fd);
    g_free(cache->path);
    g_free(cache);
}

/* --- while somebody makes one ------------------------------------------ */

typedef struct {
    const AqrWarmCache *cache;
    const char *key;
} Wait;

static gboolean
is_unlocked(gpointer data)
{
    const Wait *wait = data;

    return !aqr_warm_store_is_locked(wait->cache, wait->key);
}

/* The event has woken the main context up, in which the wait looks. */
static void
look(G_GNUC_UNUSED gpointer data)
{
}

gboolean
aqr_warm_cache_wait(AqrWarmCache *cache, const AqrWarmKey *key, const AqrPatience *patience,
                    GError **error)
{
    g_autoptr(AqrDirWatch) watch = aqr_dir_watch_new(cache->path, look, NULL, error);
    Wait wait = { cache, key->name };

    return watch != NULL && aqr_wait_until(is_unlocked, &wait, "who saves the VM", patience, error);
}
