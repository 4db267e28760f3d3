/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-evict.h"

#include "host/warm-check.h"
#include "host/warm-slot.h"

static gboolean
is_of_same_key(const char *a, const char *b)
{
    g_autofree char *one = aqr_warm_store_key(a), *other = aqr_warm_store_key(b);

    return g_str_equal(one, other);
}

static gboolean
is_useless(const AqrWarmSlot *slot, const char *keep)
{
    g_autoptr(AqrWarmManifest) manifest = NULL;

    if (keep != NULL && g_str_equal(aqr_warm_slot_get_name(slot), keep))
        return FALSE;
    return aqr_warm_check_look(slot, &manifest, NULL) != AQR_WARM_IS_READY ||
           (keep != NULL && is_of_same_key(aqr_warm_slot_get_name(slot), keep));
}

/* What there is once the useless ones have gone. */
static GPtrArray *
open_others(const AqrWarmCache *cache, const char *keep)
{
    GPtrArray *slots = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_warm_slot_free);
    g_autoptr(GPtrArray) names = aqr_warm_store_list(cache, NULL, NULL, NULL);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        AqrWarmSlot *slot = aqr_warm_slot_open(cache, g_ptr_array_index(names, i));

        if (slot == NULL)
            continue;
        if (is_useless(slot, keep) && aqr_warm_slot_drop_unused(slot))
            aqr_warm_slot_free(slot);
        else
            g_ptr_array_add(slots, slot);
    }
    return slots;
}

static gint
compare_used(gconstpointer a, gconstpointer b)
{
    gint64 one = aqr_warm_slot_used(*(AqrWarmSlot *const *)a);
    gint64 other = aqr_warm_slot_used(*(AqrWarmSlot *const *)b);

    return one < other ? -1 : one > other;
}

void
aqr_warm_evict(const AqrWarmCache *cache, guint64 need, const char *keep)
{
    g_autoptr(GPtrArray) slots = open_others(cache, keep);
    guint64 total = need;

    g_ptr_array_sort(slots, compare_used);
    for (guint i = 0; i < slots->len; i++)
        total += aqr_warm_slot_bytes(g_ptr_array_index(slots, i));
    for (guint i = 0; i < slots->len && total > cache->limit; i++) {
        AqrWarmSlot *slot = g_ptr_array_index(slots, i);
        guint64 bytes = aqr_warm_slot_bytes(slot);

        if (g_strcmp0(aqr_warm_slot_get_name(slot), keep) != 0 && aqr_warm_slot_drop_unused(slot))
            total -= bytes;
    }
}
