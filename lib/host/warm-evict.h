/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/warm-store.h"

/* Which saved VMs go; for host/warm-* alone. Never one that somebody uses. */

/* Those that nobody can use any more go, and those that were used longest ago, until the
 * others and @need more bytes are within the limit, as far as that can be had. @keep: the name
 * of one that stays (NULL: none); older ones of its key go. */
void aqr_warm_evict(const AqrWarmCache *cache, guint64 need, const char *keep);
