/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/warm-key.h"
#include "core/warm-report.h"
#include "host/wait.h"

/* Where saved VMs are kept: pairs of a memory image and a disk overlay, with the state of the
 * devices, each in a directory of its key's name and a number. What a pair is of is the key's
 * business, how it gets into a VM that of host/live-world.
 *
 * A pair is made in a directory of another name, under a lock, and gets its own by rename(2)
 * when it is complete: so there is a good one or none. Its manifest has the checksums of its
 * files, which are looked at each time: nothing is trusted because it is there. No two pairs
 * ever have the same path.
 *
 * Who wants one: find it; if there is none, draft it; if somebody else does, wait, and find
 * again. And find once more when the draft is had: it may have been made just before. */
typedef struct AqrWarmCache AqrWarmCache;

/* NULL: /var/cache/autopkgtest-virt-qemu-rocm/warm for root, in the user's cache directory
 * (XDG) for anybody else. (transfer full) */
char *aqr_warm_cache_dir(const char *dir) G_GNUC_WARN_UNUSED_RESULT;

/* Makes @dir where it is missing. AQR_ERROR_HOST: it cannot be used, as it is not ours alone to
 * write, a symbolic link, read-only. @limit: bytes that all pairs together may take. */
AqrWarmCache *aqr_warm_cache_open(const char *dir, guint64 limit,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_warm_cache_free(AqrWarmCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrWarmCache, aqr_warm_cache_free)

/* --- a pair that is there ---------------------------------------------- */

/* One that is whole, and stays while this is held (a shared lock). The cache must outlive it. */
typedef struct AqrWarmPair AqrWarmPair;

/* NULL without an error: there is none. NULL and AQR_ERROR_HOST: there was one, which was not
 * whole, or older than a day, and has been dropped. Reads all of it. */
AqrWarmPair *aqr_warm_cache_find(AqrWarmCache *cache, const AqrWarmKey *key,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_warm_pair_free(AqrWarmPair *pair);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrWarmPair, aqr_warm_pair_free)

/* (transfer none) */
const char *aqr_warm_pair_memory(const AqrWarmPair *pair);
const char *aqr_warm_pair_disk(const AqrWarmPair *pair);
GBytes *aqr_warm_pair_state(const AqrWarmPair *pair);

/* It has failed: nobody gets it any more. Who has it in a VM keeps it. */
void aqr_warm_pair_drop(AqrWarmPair *pair);

/* GPUs that did not work when they were plugged into this pair's VM get a cold boot; why
 * (transfer full), or NULL. @gpu is a name that holds for it, such as its address and ids. */
void aqr_warm_pair_distrust_gpu(AqrWarmPair *pair, const char *gpu, const char *why);
char *aqr_warm_pair_why_distrusted(const AqrWarmPair *pair,
                                   const char *gpu) G_GNUC_WARN_UNUSED_RESULT;

/* --- one that is being made -------------------------------------------- */

typedef struct AqrWarmDraft AqrWarmDraft;

/* NULL without an error: somebody else makes it. Makes room first, and an empty file for
 * @ram_mib of memory, with holes for contents: mode 0600, ours. AQR_ERROR_HOST, also when there
 * is not the room that a guest of this size will likely need. The cache must outlive it. */
AqrWarmDraft *aqr_warm_cache_draft(AqrWarmCache *cache, const AqrWarmKey *key, guint64 ram_mib,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what is there of it, unless it was published. */
void aqr_warm_draft_free(AqrWarmDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrWarmDraft, aqr_warm_draft_free)

/* (transfer none): memory is there; the disk is the caller's to make. */
const char *aqr_warm_draft_memory(const AqrWarmDraft *draft);
const char *aqr_warm_draft_disk(const AqrWarmDraft *draft);

/* Both are complete, and nobody writes to them any more; @state is the rest. Adds what says
 * so, and gives it its name. Pairs that nothing can use any more, and those that were used
 * longest ago where there are too many, go. AQR_ERROR_HOST. */
gboolean aqr_warm_draft_publish(AqrWarmDraft *draft, GBytes *state, GError **error);

/* Waits until nobody makes it: then it is there, or not. */
gboolean aqr_warm_cache_wait(AqrWarmCache *cache, const AqrWarmKey *key,
                             const AqrPatience *patience, GError **error);

/* --- for people -------------------------------------------------------- */

/* (transfer full): AqrWarmEntry, those used last first. */
GPtrArray *aqr_warm_cache_list(AqrWarmCache *cache, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @key: as listed; NULL: all. AQR_ERROR_USAGE: there is none. What is being made stays. Who
 * uses one keeps it. */
gboolean aqr_warm_cache_drop(AqrWarmCache *cache, const char *key, GError **error);
