/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"

/* What --gpu asks for. */

typedef enum {
    AQR_GPU_ADDRESS, /* this one */
    AQR_GPU_GFX,     /* any one of this gfx target */
    AQR_GPU_ANY,     /* any one */
    AQR_GPU_ALL,     /* all that can be passed */
} AqrGpuWish;

typedef struct {
    AqrGpuWish wish;
    AqrPciAddress address;
    char *gfx; /* NULL unless GFX */
} AqrGpuSelector;

/* The words of --gpu, given once or more often (NULL or empty: one "any"). An empty array:
 * no GPU ("none"). AQR_ERROR_USAGE for what is not SLOT, gfxNNNN, any, all or none, for the
 * same function twice, and for none or all beside others. Of AqrGpuSelector. */
GPtrArray *aqr_gpu_selectors_parse(const char *const *words,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether each address of @selectors is one of @gpus (of AqrGpu), the GPUs among @devices.
 * Otherwise AQR_ERROR_GPU says what is there instead: no function, a disk, the audio of a
 * GPU. aqr_gpu_choose() refuses such an address too, but knows less to say. */
gboolean aqr_gpu_selectors_check(const GPtrArray *selectors, const GPtrArray *devices,
                                 const GPtrArray *gpus, GError **error);
