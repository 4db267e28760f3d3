/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/gpu.h"

/* What AqrGpu's "together" and "foreign" say of the GPU @device (transfer container), by
 * address.
 *
 * Of a card is what is in one slot with an AMD GPU, and is AMD's or for multimedia: its
 * audio, its USB, another of its GPUs. What else a processor has in the slot of its GPU
 * (USB, the security processor; vendor 1022) is not, and stays with the host unless it is
 * in the GPU's IOMMU group; so are disks and network cards. Bridges are never in it: they
 * keep their driver. A virtual function is alone, though others have its slot's number. */
GPtrArray *aqr_gpu_together(const GPtrArray *devices,
                            const AqrPciDevice *device) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *aqr_gpu_foreign(const GPtrArray *devices,
                           const GPtrArray *together) G_GNUC_WARN_UNUSED_RESULT;
