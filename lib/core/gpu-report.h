/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"
#include "core/strike-note.h"

/* What rocm-qemu-gpus says of a host's GPUs: one set of facts, for people and as JSON. */

typedef enum {
    AQR_GPU_FREE,
    AQR_GPU_BUSY,       /* somebody has it now */
    AQR_GPU_SICK,       /* in quarantine */
    AQR_GPU_UNPASSABLE, /* by what it is, or how the host is set up */
} AqrGpuState;

typedef struct {
    const AqrGpu *gpu;
    AqrGpuState state;
    char *reason;          /* why it is not free; NULL: it is */
    AqrStrikeNote strikes; /* its failures in a row */
} AqrGpuStatus;

void aqr_gpu_status_free(AqrGpuStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuStatus, aqr_gpu_status_free)

/* "free", "busy", "quarantine", "unpassable" (transfer none). */
const char *aqr_gpu_state_name(AqrGpuState state);

/* @statuses: of AqrGpuStatus. A line for each GPU, under one with titles; reasons and
 * failures below their line. Without GPUs it says so. */
char *aqr_gpu_report_table(const GPtrArray *statuses) G_GNUC_WARN_UNUSED_RESULT;

/* {"gpus": [...]}: the names of members are stable; what is unknown is null. */
char *aqr_gpu_report_json(const GPtrArray *statuses) G_GNUC_WARN_UNUSED_RESULT;
