/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"
#include "host/wait.h"

/* Whether a GPU that nobody uses now is well, and what can be done when it is not. */

/* Its functions are there, their configuration space does not read as all ones, and none
 * is stuck in D3cold. AQR_ERROR_GPU says what is wrong. Looks anew (not at @gpu's values). */
gboolean aqr_gpu_health_check(const AqrGpu *gpu, GError **error);

/* Tries what gpu.md 4.3 lists, in that order, until it is well: the function's own reset,
 * reset_subordinate of the port above, removal of the slot and a rescan. A device that
 * reads as all ones is tried each once, never in a loop. Each step is told to @note.
 * AQR_ERROR_GPU: it stays sick, with what was tried and the remedy. Needs root. */
gboolean aqr_gpu_health_recover(const AqrGpu *gpu, const AqrPatience *patience,
                                void (*note)(const char *text, gpointer data), gpointer data,
                                GError **error);
