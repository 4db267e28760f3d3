/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/strike-note.h"

/* How often a GPU has failed in a row in the guests that had it: a file per slot beside its lease
 * (host/lease-dir), for all who use the host, and gone when that has restarted, as /run is. Only
 * who has the lease counts. Not for what a failure is (core/gpu-ready), nor for what follows from
 * too many of them (host/gpu-hold). */

/* @slot's ("0000:03:00"). A file that cannot be read, or makes no sense, is none. */
void aqr_gpu_strikes_read(const char *slot, AqrStrikeNote *note);

/* One more, for @reason; *@now has it counted. AQR_ERROR_HOST. */
gboolean aqr_gpu_strikes_add(const char *slot, const char *reason, AqrStrikeNote *now,
                             GError **error);

/* It has worked, or somebody has looked at it. Harmless where there is none. AQR_ERROR_HOST. */
gboolean aqr_gpu_strikes_end(const char *slot, GError **error);
