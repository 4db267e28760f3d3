/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Whether the GPUs that a guest was given work there. /dev/kfd is no proof: it is there
 * without any GPU (gpu.md 7). Pure: the guest's facts and kernel messages in, a verdict
 * out; host/gpu-wait fetches them. */

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

/* The script, for sh in the guest, that prints the guest's facts. */
extern const char aqr_gpu_ready_script[];

/* Judges @facts, which the script has printed, against @expected (of AqrGpuExpected). @why
 * (transfer full), set unless YES, is what is missing, for people: "0000:03:00.0 is in the
 * guest as 0000:01:00.0, but no driver took it". @remark, NULL where there is none: what a
 * user should know although it is ready: the GPU has no PCIe atomics. */
AqrGpuVerdict aqr_gpu_ready_judge(const char *facts, const GPtrArray *expected, AqrGpuReady ready,
                                  char **why, char **remark);

/* Judges a line of the guest's kernel log: NEVER and @why for a message that no GPU gets
 * ready after ("firmware is missing: amdgpu/navi21_sos.bin; put firmware-amd-graphics into
 * the image"), YES for one after which the facts are worth another look, WAIT for all
 * others. */
AqrGpuVerdict aqr_gpu_ready_judge_message(const char *line, char **why);
