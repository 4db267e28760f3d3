/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu-selector.h"
#include "core/gpu.h"

/* Which GPUs of the host fulfil what --gpu asks for. */

/* The GPUs of @gpus that are what @selector asks for, in the order to try them: those on
 * vfio-pci already, which nobody has to give up, before others; then by address. Whether
 * they are passable or free is not asked. Transfer container. */
GPtrArray *aqr_gpu_candidates(const AqrGpuSelector *selector,
                              const GPtrArray *gpus) G_GNUC_WARN_UNUSED_RESULT;

/* The next choice of @gpus, which are all that the host has: one for each selector, in
 * their order, none twice, none of which @is_free(gpu, data) says FALSE. More particular
 * selectors choose first. "all" chooses those that can be passed, and leaves out the others
 * (a processor's own GPU beside the cards is no reason to refuse them).
 *
 * NULL without an error: not now, as some are in use. NULL and AQR_ERROR_GPU: never,
 * whoever gives what back, with the reason, or what the host has instead; AQR_ERROR_HOST
 * where no GPU can be passed at all. What only amdgpu tells is not known of a GPU that a guest
 * has: one whose id is not in the table is of no gfx target meanwhile, so "never" may be too
 * much said of that target (ask for the address), and one of a hive is as one of none.
 *
 * The members of an XGMI hive go together or not at all, unless @forced: a part of a hive
 * is refused, and "any" does not begin one that it cannot finish. GPUs that must go along
 * with a chosen one (of its IOMMU group) have to be free, too; they are not shown to the
 * guest unless they are chosen. Transfer container. */
GPtrArray *aqr_gpu_choose(const GPtrArray *selectors, const GPtrArray *gpus, gboolean forced,
                          gboolean (*is_free)(const AqrGpu *gpu, gpointer data), gpointer data,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
