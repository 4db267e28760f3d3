/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu-ready.h"

/* What a guest's kernel says of its GPUs. Most causes of a failure are no more than hints:
 * amdgpu goes on without a firmware file that only some boards need, and the MI300 without
 * a BIOS (amdgpu_bios.c). What ends its start says so in a message of its own, soon after. */

typedef enum {
    AQR_GPU_MESSAGE_OTHER, /* it has nothing to do with GPUs */
    AQR_GPU_MESSAGE_STORY, /* to be shown when it ends badly */
    AQR_GPU_MESSAGE_LOOK,  /* the facts are worth another look */
    AQR_GPU_MESSAGE_PEEK,  /* likewise, but it need not be about a GPU: not to be shown */
    AQR_GPU_MESSAGE_HINT,  /* why it ends badly, if it does */
    AQR_GPU_MESSAGE_FATAL, /* that GPU will not get ready */
} AqrGpuMessage;

/* One line of the kernel's log, without its prefix, judged for those who want GPUs to be
 * @ready. @why (transfer full), NULL unless HINT or FATAL and the line tells a reason:
 * "firmware is missing: amdgpu/navi21_sos.bin; put firmware-amd-graphics into the image". */
AqrGpuMessage aqr_gpu_message_judge(const char *text, AqrGpuReady ready, char **why);

/* Whether a HINT or FATAL tells what the image or the user has to mend: no GPU is to blame. */
gboolean aqr_gpu_message_is_of_others(const char *text);

/* A record of /dev/kmsg ("6,339,5140900,-;text"): its text (in @record), and its number.
 * NULL for what is no record of the kernel's own: the lines that continue one, and what
 * programs have written there. */
const char *aqr_gpu_message_text(const char *record, guint64 *number);
