/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Whether the GPUs that a guest was given work there. /dev/kfd is no proof: it is there
 * without any GPU (amdgpu makes it when it is loaded). Pure: what the guest says of itself
 * (core/gpu-facts) in, a verdict out; host/gpu-wait fetches it. */

typedef enum {
    AQR_GPU_READY_NONE, /* not asked for */
    AQR_GPU_READY_PCI,  /* the guest sees the PCI function, with all its BARs */
    AQR_GPU_READY_DRM,  /* and a driver, and a render node */
    AQR_GPU_READY_KFD,  /* and a KFD node with SIMDs, and of the gfx target */
} AqrGpuReady;

/* The words of --gpu-ready. FALSE and AQR_ERROR_USAGE for any other. */
gboolean aqr_gpu_ready_parse(const char *word, AqrGpuReady *ready, GError **error);

typedef struct {
    guint16 device; /* the PCI id, of vendor 1002 */
    char *gfx;      /* "gfx1030"; NULL: whatever it is */
    char *address;  /* on the host, for messages */
} AqrGpuExpected;

void aqr_gpu_expected_free(AqrGpuExpected *expected);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuExpected, aqr_gpu_expected_free)

typedef enum {
    AQR_GPU_VERDICT_YES,   /* ready */
    AQR_GPU_VERDICT_WAIT,  /* not yet */
    AQR_GPU_VERDICT_NEVER, /* and it will not be */
} AqrGpuVerdict;

/* A GPU that did not get ready, for which neither the image nor the user is to blame. */
typedef struct {
    char *address; /* on the host */
    char *why;
    gboolean if_tried; /* it is, if the kernel tells that a driver has tried it, and failed */
} AqrGpuFailure;

void aqr_gpu_failure_free(AqrGpuFailure *failure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuFailure, aqr_gpu_failure_free)

/* What is asked of a guest. Borrowed, all of it. */
typedef struct {
    const GPtrArray *expected; /* of AqrGpuExpected: each needs a GPU of its own */
    AqrGpuReady ready;
    gboolean plugged; /* into the running guest, where they may yet appear; FALSE: it started
                       * with them, and what its kernel has not found then is not there */
    const char *root; /* where the guest's sys, proc, dev and lib are; NULL: in /, as they are
                       * in all but tests */
} AqrGpuDemand;

/* Judges @facts, which core/gpu-facts' script has printed. @why (transfer full), NULL with
 * YES, is what is missing, for people: "GPU 0000:03:00.0 (in the guest 0000:01:00.0): no
 * driver took it: ...". @remark (transfer full), NULL where there is none: what a user
 * should know although it is ready: it has no PCIe atomics, or only root may open its nodes.
 * @failures, of AqrGpuFailure, gets those that are to blame themselves if it stays so; or NULL. */
AqrGpuVerdict aqr_gpu_ready_judge(const char *facts, const AqrGpuDemand *demand, char **why,
                                  char **remark, GPtrArray *failures);
