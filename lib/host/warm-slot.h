/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/warm-store.h"

/* The directory of one saved VM; for host/warm-* alone. Its file `lock` is locked shared by
 * who uses it, and alone by who removes it. It counts only while its manifest is there: what
 * somebody still uses loses that first, and the rest when he is done. */
#define AQR_WARM_MEMORY "memory"
#define AQR_WARM_DISK "disk.qcow2"
#define AQR_WARM_STATE "state"
#define AQR_WARM_MANIFEST "manifest.json"
#define AQR_WARM_LOCK "lock"

typedef struct AqrWarmSlot AqrWarmSlot;

/* NULL: there is none of this name. */
AqrWarmSlot *aqr_warm_slot_open(const AqrWarmCache *cache,
                                const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what has been dropped meanwhile, if nobody else uses it. */
void aqr_warm_slot_free(AqrWarmSlot *slot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrWarmSlot, aqr_warm_slot_free)

int aqr_warm_slot_get_fd(const AqrWarmSlot *slot);
const char *aqr_warm_slot_get_name(const AqrWarmSlot *slot);

/* (transfer full) */
char *aqr_warm_slot_file(const AqrWarmSlot *slot, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Opens its regular file @name for reading, follows no link: -1 and errno. */
int aqr_warm_slot_open_file(const AqrWarmSlot *slot, const char *name);

gboolean aqr_warm_slot_is_dropped(const AqrWarmSlot *slot); /* it has no manifest */
gboolean aqr_warm_slot_has_lock(const AqrWarmSlot *slot);   /* FALSE: it is damaged */

/* FALSE: somebody is about to remove it. */
gboolean aqr_warm_slot_use(AqrWarmSlot *slot);
gboolean aqr_warm_slot_is_used(const AqrWarmSlot *slot); /* by somebody else */

/* Nobody gets it any more. */
void aqr_warm_slot_drop(AqrWarmSlot *slot);

/* The same, unless somebody uses it: FALSE. */
gboolean aqr_warm_slot_drop_unused(AqrWarmSlot *slot);

guint64 aqr_warm_slot_bytes(const AqrWarmSlot *slot); /* that it takes on its disk */
gint64 aqr_warm_slot_used(const AqrWarmSlot *slot);   /* last; microseconds since 1970 */
void aqr_warm_slot_touch(AqrWarmSlot *slot);          /* it is used now */
