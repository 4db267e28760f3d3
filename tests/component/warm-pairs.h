/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A cache of saved VMs in a directory to play in, and images to save VMs of. */
#include "host/warm-cache.h"

#define WARM_RAM_MIB 4
#define WARM_STATE "the devices"

/* Fixtures. */
void warm_set_up(void);
void warm_tear_down(void);

/* Paths; transfer none. */
const char *warm_dir(void);
const char *warm_cache_dir(void);

AqrWarmCache *warm_open(guint64 limit) G_GNUC_WARN_UNUSED_RESULT;

/* The key of the image @name, which is made where it is missing. */
AqrWarmKey *warm_key(const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Writes @bytes to its memory, and a disk. */
void warm_fill(AqrWarmDraft *draft, gsize bytes);

/* Makes a good one. */
void warm_save(AqrWarmCache *cache, const AqrWarmKey *key, gsize bytes);

/* (transfer full): where the only pair of @key is, or its file; NULL: there is none. */
char *warm_find_dir(const AqrWarmKey *key) G_GNUC_WARN_UNUSED_RESULT;
char *warm_find_file(const AqrWarmKey *key, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* How many names there are in the cache's directory. */
guint warm_count(void);

gboolean warm_is_there(AqrWarmCache *cache, const AqrWarmKey *key);
