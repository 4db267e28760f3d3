/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What is written down of a testbed's GPUs, on the host and in the guest. */

/* (transfer full): {"gpus": [{"address": "0000:03:00.0", "gfx": "gfx1030", "name": …}]}, of
 * @gpus (of AqrGpu): which they are. */
char *aqr_gpu_evidence_name(const GPtrArray *gpus) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): {"kernel": …, "gpus": [{"address": …, "driver": …, "render_nodes": […]}],
 * "kfd": ["gfx1030"]}, of what core/gpu-facts' script has printed; NULL for NULL. */
char *aqr_gpu_evidence_guest(const char *facts) G_GNUC_WARN_UNUSED_RESULT;

/* How a host's GPU is that no VM of ours is to have. */
typedef struct {
    char *vbios;      /* the version of its video BIOS; NULL: no driver tells it now */
    char *quarantine; /* why it is in quarantine; NULL: it is not */
    char *trouble;    /* why it is not the host's again; NULL: it is */
} AqrGpuEvidence;

void aqr_gpu_evidence_free(AqrGpuEvidence *health);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuEvidence, aqr_gpu_evidence_free)

/* A JSON file (transfer full): all of each of @gpus, with its AqrGpuEvidence, in the same order, at
 * @when: "before the first VM". */
char *aqr_gpu_evidence_json(const char *when, const GPtrArray *gpus,
                            const GPtrArray *healths) G_GNUC_WARN_UNUSED_RESULT;
