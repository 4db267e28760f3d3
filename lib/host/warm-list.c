/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "host/warm-cache.h"
#include "host/warm-check.h"
#include "host/warm-slot.h"
#include "host/warm-store.h"

static const char *const states[] = {
    [AQR_WARM_IS_READY] = "ready",
    [AQR_WARM_IS_STALE] = "stale",
    [AQR_WARM_IS_DAMAGED] = "damaged",
    [AQR_WARM_IS_DROPPED] = "dropped",
};

static AqrWarmEntry *
describe(const AqrWarmSlot *slot)
{
    g_autoptr(AqrWarmManifest) manifest = NULL;
    AqrWarmState state = aqr_warm_check_look(slot, &manifest, NULL);
    AqrWarmEntry *entry = g_new0(AqrWarmEntry, 1);

    entry->key = aqr_warm_store_key(aqr_warm_slot_get_name(slot));
    entry->bytes = aqr_warm_slot_bytes(slot);
    entry->used = aqr_warm_slot_used(slot) / G_USEC_PER_SEC;
    entry->state =
        state == AQR_WARM_IS_READY && aqr_warm_slot_is_used(slot) ? "in use" : states[state];
    if (manifest == NULL)
        return entry;
    entry->image = g_strdup(((AqrFileId *)g_ptr_array_index(manifest->files, 0))->path);
    entry->made = manifest->made;
    return entry;
}

static void
add_all(const AqrWarmCache *cache, const GPtrArray *names, GPtrArray *entries)
{
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(AqrWarmSlot) slot = aqr_warm_slot_open(cache, g_ptr_array_index(names, i));
        AqrWarmEntry *entry = slot == NULL ? NULL : describe(slot);

        if (entry != NULL)
            g_ptr_array_add(entries, entry);
    }
}

static void
add_made(const AqrWarmCache *cache, const GPtrArray *names, GPtrArray *entries)
{
    guint first = entries->len;

    add_all(cache, names, entries);
    for (guint i = first; i < entries->len; i++) {
        AqrWarmEntry *entry = g_ptr_array_index(entries, i);

        entry->state = aqr_warm_store_is_locked(cache, entry->key) ? "being made" : "dropped";
    }
}

static gint
compare_used(gconstpointer a, gconstpointer b)
{
    const AqrWarmEntry *one = *(AqrWarmEntry *const *)a, *other = *(AqrWarmEntry *const *)b;

    return one->used > other->used ? -1 : one->used < other->used;
}

GPtrArray *
aqr_warm_cache_list(AqrWarmCache *cache, GError **error)
{
    g_autoptr(GPtrArray) saved = aqr_warm_store_list(cache, NULL, NULL, error);
    g_autoptr(GPtrArray) made =
        saved == NULL ? NULL : aqr_warm_store_list(cache, NULL, AQR_WARM_MAKING, error);
    g_autoptr(GPtrArray) entries = NULL;

    if (made == NULL)
        return NULL;
    entries = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_warm_entry_free);
    add_all(cache, saved, entries);
    add_made(cache, made, entries);
    g_ptr_array_sort(entries, compare_used);
    return g_steal_pointer(&entries);
}

gboolean
aqr_warm_cache_drop(AqrWarmCache *cache, const char *key, GError **error)
{
    g_autoptr(GPtrArray) names = aqr_warm_store_list(cache, key, NULL, error);

    if (names == NULL)
        return FALSE;
    if (key != NULL && names->len == 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "no saved VM \"%s\"; see --warm-list", key);
        return FALSE;
    }
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(AqrWarmSlot) slot = aqr_warm_slot_open(cache, g_ptr_array_index(names, i));

        if (slot != NULL)
            aqr_warm_slot_drop(slot);
    }
    aqr_warm_store_sweep(cache);
    return TRUE;
}
