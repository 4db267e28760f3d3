/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/percent.h"
#include "base/printable.h"
#include "host/warm-cache.h"
#include "host/warm-check.h"
#include "host/warm-slot.h"

#define MAX_WHY 1000 /* bytes */

struct AqrWarmPair {
    AqrWarmSlot *slot;
    char *memory, *disk;
    GBytes *state;
};

static AqrWarmPair *
pair_new(AqrWarmSlot *slot, GBytes *state)
{
    AqrWarmPair *pair = g_new0(AqrWarmPair, 1);

    pair->slot = slot;
    pair->memory = aqr_warm_slot_file(slot, AQR_WARM_MEMORY);
    pair->disk = aqr_warm_slot_file(slot, AQR_WARM_DISK);
    pair->state = state;
    return pair;
}

void
aqr_warm_pair_free(AqrWarmPair *pair)
{
    if (pair == NULL)
        return;
    aqr_warm_slot_free(pair->slot);
    g_free(pair->memory);
    g_free(pair->disk);
    g_bytes_unref(pair->state);
    g_free(pair);
}

/* It cannot be removed between a look at it and its use: that is locked first. */
static AqrWarmPair *
try_slot(AqrWarmSlot *slot, GError **error)
{
    g_autoptr(AqrWarmManifest) manifest = NULL;
    GBytes *state = NULL;

    switch (aqr_warm_check_look(slot, &manifest, error)) {
    case AQR_WARM_IS_DROPPED:
        return NULL;
    case AQR_WARM_IS_READY:
        state = aqr_warm_check_all(slot, manifest, error);
        break;
    case AQR_WARM_IS_STALE:
    case AQR_WARM_IS_DAMAGED:
        break;
    }
    if (state != NULL) {
        aqr_warm_slot_touch(slot);
        return pair_new(slot, state);
    }
    aqr_warm_slot_drop(slot);
    return NULL;
}

static AqrWarmPair *
try_name(const AqrWarmCache *cache, const char *name, GError **error)
{
    g_autoptr(AqrWarmSlot) slot = aqr_warm_slot_open(cache, name);
    g_autoptr(GError) failed = NULL;
    AqrWarmPair *pair;

    if (slot == NULL || !aqr_warm_slot_use(slot))
        return NULL;
    pair = try_slot(slot, &failed);
    if (pair != NULL) {
        g_steal_pointer(&slot);
    } else if (failed != NULL && error != NULL && *error == NULL) {
        g_propagate_prefixed_error(error, g_steal_pointer(&failed),
                                   "the saved VM %s is dropped: ", name);
    }
    return pair;
}

AqrWarmPair *
aqr_warm_cache_find(AqrWarmCache *cache, const AqrWarmKey *key, GError **error)
{
    g_autoptr(GPtrArray) names = aqr_warm_store_list(cache, key->name, NULL, error);
    g_autoptr(GError) failed = NULL;

    for (guint i = 0; names != NULL && i < names->len; i++) {
        AqrWarmPair *pair = try_name(cache, g_ptr_array_index(names, i), &failed);

        if (pair != NULL)
            return pair;
    }
    if (failed != NULL)
        g_propagate_error(error, g_steal_pointer(&failed));
    return NULL;
}

const char *
aqr_warm_pair_memory(const AqrWarmPair *pair)
{
    return pair->memory;
}

const char *
aqr_warm_pair_disk(const AqrWarmPair *pair)
{
    return pair->disk;
}

GBytes *
aqr_warm_pair_state(const AqrWarmPair *pair)
{
    return pair->state;
}

void
aqr_warm_pair_drop(AqrWarmPair *pair)
{
    aqr_warm_slot_drop(pair->slot);
}

/* --- GPUs -------------------------------------------------------------- */

static char *
name_of(const char *gpu)
{
    g_autofree char *word = aqr_percent_encode(gpu);
    g_auto(GStrv) parts = g_strsplit(word, "/", -1);
    g_autofree char *joined = g_strjoinv("%2F", parts);

    return g_strconcat("cold-", joined, NULL);
}

/* Whole, or not at all: a file that is there means that the GPU is not to be tried. */
void
aqr_warm_pair_distrust_gpu(AqrWarmPair *pair, const char *gpu, const char *why)
{
    g_autofree char *name = name_of(gpu), *line = aqr_printable_line(why, MAX_WHY);
    int fd = openat(aqr_warm_slot_get_fd(pair->slot), name,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

    if (fd < 0)
        return;
    if (write(fd, line, strlen(line)) < 0) {
        /* Then it is not said why. */
    }
    close(fd);
}

char *
aqr_warm_pair_why_distrusted(const AqrWarmPair *pair, const char *gpu)
{
    g_autofree char *name = name_of(gpu);
    char text[MAX_WHY + 1] = "";
    int fd = openat(aqr_warm_slot_get_fd(pair->slot), name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    if (read(fd, text, MAX_WHY) < 0)
        text[0] = '\0';
    close(fd);
    return aqr_printable_line(text, MAX_WHY);
}
