/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/finding.h"
#include "core/host-facts.h"

/* Judges a host: facts in, findings out. FAIL: a test would not get its GPU, or none could
 * run. WARN: it may, or less well. */

/* Of AqrFinding, in the order to read them. */
GPtrArray *aqr_host_checks_judge(const AqrHostFacts *facts) G_GNUC_WARN_UNUSED_RESULT;

/* What the parts of it share: each check is a row. One that does not apply leaves its
 * finding without a title. */
typedef struct {
    const char *id;
    void (*judge)(const AqrHostFacts *facts, AqrFinding *finding);
} AqrHostCheck;

typedef struct {
    const char *id;
    void (*judge)(const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding);
} AqrGpuCheck;

/* Tables that a row without an id ends. */
extern const AqrHostCheck aqr_machine_checks[];
extern const AqrHostCheck aqr_vfio_checks[];
extern const AqrHostCheck aqr_software_checks[];
extern const AqrHostCheck aqr_user_checks[];
extern const AqrGpuCheck aqr_gpu_checks[];
