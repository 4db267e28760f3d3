/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/finding.h"
#include "core/gpu-firmware.h"
#include "core/image-facts.h"

/* Judges an image: what it says of itself in, findings out. FAIL: tests would fail in it, or
 * skip themselves, for a reason that is not theirs. WARN: some would. */

typedef struct {
    char *gfx;     /* "gfx1030"; NULL: unknown */
    char *address; /* "0000:03:00.0" on this host; NULL: it is only asked for */
} AqrImageGpu;

void aqr_image_gpu_free(AqrImageGpu *gpu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrImageGpu, aqr_image_gpu_free)

/* What is asked of an image. Borrowed, all of it. */
typedef struct {
    const GPtrArray *gpus;          /* AqrImageGpu: those that it must have firmware for */
    gboolean no_gpu;                /* nor any at all: a lack of it is a warning */
    const AqrGpuFirmware *firmware; /* NULL: nothing is known of what a GPU needs */
} AqrImageDemand;

/* Of AqrFinding, in the order to read them; ids "image.…". */
GPtrArray *aqr_image_checks_judge(const AqrImageFacts *facts,
                                  const AqrImageDemand *demand) G_GNUC_WARN_UNUSED_RESULT;

/* What the parts of it share: each check is a row. One that does not apply leaves its
 * finding without a title. */
typedef struct {
    const char *id;
    void (*judge)(const AqrImageFacts *facts, const AqrImageDemand *demand, AqrFinding *finding);
} AqrImageCheck;

/* Tables that a row without an id ends. */
extern const AqrImageCheck aqr_image_system_checks[];
extern const AqrImageCheck aqr_image_gpu_checks[];

/* Whether it has the firmware of one GPU: "image.gpu-firmware"; transfer full. */
AqrFinding *aqr_image_checks_judge_gpu(const AqrImageFacts *facts, const AqrImageDemand *demand,
                                       const AqrImageGpu *gpu) G_GNUC_WARN_UNUSED_RESULT;

/* Adds @word to @list, behind ", " unless it is the first. */
void aqr_image_checks_list(GString *list, const char *word);
