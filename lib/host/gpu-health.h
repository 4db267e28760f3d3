/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"
#include "host/wait.h"

/* Whether a GPU that nobody uses now is well, and what can be done when it is not. */

/* Its functions are there, their configuration space does not read as all ones, and none
 * is stuck in D3cold: each is woken for it, which may take a minute where one is sick.
 * AQR_ERROR_GPU says what is wrong. Looks anew (not at @gpu's values). */
gboolean aqr_gpu_health_check(const AqrGpu *gpu, GError **error);

/* Whether it may be reset because somebody asks for it: nothing but its own functions goes
 * with it, and none has a driver of the host, the boot display's least of all. Looks anew at
 * the drivers. AQR_ERROR_GPU with the remedy. */
gboolean aqr_gpu_health_check_reset(const AqrGpu *gpu, GError **error);

/* Tries one thing after the other until it is well: to keep it awake, the function's own
 * reset, a reset of all below the port above it (where nothing else is there), removal of
 * the slot and a rescan (not of a virtual function, which no rescan finds). Each once, never
 * in a loop, and told to @note; each, and each look between them, is bounded of itself, and
 * none begins when @patience is over (NULL: all of them may). One that is well is reset, too.
 * After a rescan the host's drivers may have the functions: see host/gpu-bind.
 * AQR_ERROR_GPU: it stays sick, with what was tried and the remedy; or somebody has it open,
 * or what is not of the GPU shares its group: then nothing is tried. Needs root. */
gboolean aqr_gpu_health_recover(const AqrGpu *gpu, const AqrPatience *patience,
                                void (*note)(const char *text, gpointer data), gpointer data,
                                GError **error);
