/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/debci-facts.h"
#include "core/finding.h"
#include "core/host-facts.h"

/* Which workers a host can add to a debci network: one for each GPU that can be passed, and
 * what speaks against the others. Two GPUs of one gfx target have two workers of one arch
 * variant: each job then takes any of them that is free. core/debci-setup says how they are
 * set up. */

#define AQR_DEBCI_ARCH "amd64" /* of the images; the variants are "amd64+gfx1030" */
#define AQR_DEBCI_BACKEND "qemu_rocm"
#define AQR_DEBCI_USER "debci"
#define AQR_DEBCI_UNIT_PREFIX "debci-worker@"
#define AQR_DEBCI_UNIT_SUFFIX ".service"

typedef struct {
    const AqrHostGpu *gpu; /* borrowed */
    char *arch;            /* "amd64+gfx1030" */
    char *unit;            /* "debci-worker@amd64\x2bgfx1030_1.service" */
} AqrDebciWorker;

typedef struct {
    GPtrArray *workers;  /* of AqrDebciWorker */
    GPtrArray *findings; /* of AqrFinding */
} AqrDebciPlan;

/* @facts are of the user debci. Never fails: a FAIL among the findings does. */
AqrDebciPlan *aqr_debci_plan_new(const AqrHostFacts *facts,
                                 const AqrDebciFacts *debci) G_GNUC_WARN_UNUSED_RESULT;
void aqr_debci_plan_free(AqrDebciPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrDebciPlan, aqr_debci_plan_free)

/* Whether the user debci shall use libvirt's daemon, and be in the group libvirt, which
 * lets him. */
gboolean aqr_debci_plan_wants_daemon(const AqrHostFacts *facts);
