/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/gpu-choice.h"
#include "core/vm-spec.h"
#include "host/gpu-inventory.h"

/* The GPUs that somebody asks for, and which of this host's fulfil it. Who has them, and
 * for how long, is host/gpu-hold's. */
typedef struct {
    const GPtrArray *selectors; /* of AqrGpuSelector; empty: no GPU */
    gboolean forced;            /* what speaks against a GPU is the user's business */
    gboolean mended_later;      /* one in quarantine counts as in use */
    gboolean own_qemu;          /* QEMU runs as the caller, who has to be allowed everything */
    guint64 ram_mib;            /* of the VM, all of which VFIO pins */
    const char *table;          /* the file amdgpu-gfx.tsv */
} AqrGpuRequest;

typedef gboolean (*AqrGpuIsFree)(const AqrGpu *gpu, gpointer data);

/* The best choice among those that can be had on this host as it is: passable, in no
 * quarantine, open to this user where QEMU is his own. As aqr_gpu_choose(): NULL without an error
 * means that some are in use. Transfer container: of AqrGpu in @inventory. */
GPtrArray *aqr_gpu_request_choose(const AqrGpuRequest *request, const AqrGpuInventory *inventory,
                                  AqrGpuIsFree is_free, gpointer data,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same as if nobody used any: what fails here fails always. AQR_ERROR_GPU and
 * AQR_ERROR_HOST. */
GPtrArray *aqr_gpu_request_plan(const AqrGpuRequest *request, const AqrGpuInventory *inventory,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* AQR_ERROR_GPU: @gpu or a companion is in quarantine, with the reason. */
gboolean aqr_gpu_request_check_quarantine(const AqrGpu *gpu, GError **error);

/* What @device's lease and quarantine are named by: its slot, "0000:03:00"; the address,
 * "0000:03:02.1", of a virtual function, as several in a slot are several people's. Transfer
 * full. */
char *aqr_gpu_request_slot(const AqrPciDevice *device) G_GNUC_WARN_UNUSED_RESULT;

/* Those of @gpu and its companions, each of which has a lease. Transfer full: of strings. */
GPtrArray *aqr_gpu_request_slots(const AqrGpu *gpu) G_GNUC_WARN_UNUSED_RESULT;

/* What a VM with @gpus (of AqrGpu) is given. */
void aqr_gpu_request_describe(const GPtrArray *gpus, AqrVmGpus *described);
