/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/warm-manifest.h"
#include "host/warm-slot.h"

/* Whether a saved VM is still what was written, and of any use; for host/warm-* alone. */

typedef enum {
    AQR_WARM_IS_READY,
    AQR_WARM_IS_STALE,   /* nobody will ask for it any more */
    AQR_WARM_IS_DAMAGED, /* it is not what was written */
    AQR_WARM_IS_DROPPED, /* it has no manifest */
} AqrWarmState;

/* As far as a quick look tells. @manifest (transfer full): NULL where there is none to be
 * read. @error says what is wrong with one that is stale or damaged. */
AqrWarmState aqr_warm_check_look(const AqrWarmSlot *slot, AqrWarmManifest **manifest,
                                 GError **error);

/* Reads all of it, and gives the devices' state; NULL and AQR_ERROR_HOST. */
GBytes *aqr_warm_check_all(const AqrWarmSlot *slot, const AqrWarmManifest *manifest,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
