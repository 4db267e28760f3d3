/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"

/* What --gpu asks for, and which GPUs of the host fulfil it. */

typedef enum {
    AQR_GPU_ADDRESS, /* this one */
    AQR_GPU_GFX,     /* any one of this gfx target */
    AQR_GPU_ANY,     /* any one */
    AQR_GPU_ALL,     /* all that the host has */
} AqrGpuWish;

typedef struct {
    AqrGpuWish wish;
    AqrPciAddress address;
    char *gfx; /* NULL unless GFX */
} AqrGpuSelector;

/* The words of --gpu, given once or more often (NULL or empty: one "any"). An empty array:
 * no GPU ("none"). AQR_ERROR_USAGE for what is not SLOT, gfxNNNN, any, all or none, for the
 * same slot twice, and for none or all beside others. Of AqrGpuSelector. */
GPtrArray *aqr_gpu_selectors_parse(const char *const *words,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All sets of GPUs that fulfil @selectors, the best first, would be many; so one step at a
 * time: the GPUs of @gpus (of AqrGpu, which are passable) that may fulfil @selector, in the
 * order to try them: those on vfio-pci already, which nobody has to give up, before others;
 * then by address. Transfer container. */
GPtrArray *aqr_gpu_candidates(const AqrGpuSelector *selector,
                              const GPtrArray *gpus) G_GNUC_WARN_UNUSED_RESULT;

/* The next choice: one GPU of @gpus for each selector, none twice, none of which
 * @is_free(gpu, data) says FALSE; more particular selectors choose first. NULL without an
 * error: not now, as some are in use. NULL and AQR_ERROR_GPU: never, whoever gives what
 * back, with what the host has instead; AQR_ERROR_HOST where no GPU can be passed. Members
 * of an XGMI hive go together or not at all, and so do GPUs of one IOMMU group. Transfer
 * container. */
GPtrArray *aqr_gpu_choose(const GPtrArray *selectors, const GPtrArray *gpus, gboolean forced,
                          gboolean (*is_free)(const AqrGpu *gpu, gpointer data), gpointer data,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
