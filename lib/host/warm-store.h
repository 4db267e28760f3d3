/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/warm-key.h"
#include "host/warm-cache.h"

/* The directory of the cache and the names in it; for host/warm-* alone.
 *
 *   KEY.1a2b3c4d/   a saved VM (host/warm-slot). The digits are random, so that no path ever
 *                   means another VM's file than it did.
 *   KEY.making/     one that is being made (host/warm-draft)
 *   KEY.refused     why QEMU cannot save it (host/warm-note)
 *   KEY.lock        who makes it has this locked. It goes with him, or with who cleans up. */
struct AqrWarmCache {
    char *path;
    int fd; /* of the directory */
    guint64 limit;
};

#define AQR_WARM_MAKING "making"
#define AQR_WARM_REFUSED "refused"

/* What to do about whatever is wrong with it: the end of an error. */
#define AQR_WARM_REMEDY "use another directory with --warm-dir, or none with --warm=off"

/* 0711 for root, as a libvirtd's QEMU, another user, must pass; 0700 for anybody else. */
guint aqr_warm_store_mode(void);

/* Opens the directory and looks whether it is fit, see aqr_warm_cache_open(); -1. */
int aqr_warm_store_open(const char *path, GError **error);

/* What is called KEY.ENDING; @key: NULL for all. @ending: NULL for saved ones. (transfer
 * full): names. AQR_ERROR_HOST. */
GPtrArray *aqr_warm_store_list(const AqrWarmCache *cache, const char *key, const char *ending,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The key in such a name. (transfer full) */
char *aqr_warm_store_key(const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* The right to make @key's, as an open file that is to be given to aqr_warm_store_unlock().
 * -1 without an error: somebody else has it. */
int aqr_warm_store_lock(const AqrWarmCache *cache, const char *key, GError **error);
void aqr_warm_store_unlock(const AqrWarmCache *cache, const char *key, int lock);

/* Whether somebody makes it. */
gboolean aqr_warm_store_is_locked(const AqrWarmCache *cache, const char *key);

/* Removes the directory @name with its files, as far as that goes. */
void aqr_warm_store_remove(const AqrWarmCache *cache, const char *name);

/* Removes what killed makers have left. */
void aqr_warm_store_sweep(const AqrWarmCache *cache);
