/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/finding.h"
#include "core/host-facts.h"
#include "core/setup-plan.h"

/* What rocm-qemu-setup tells: for people, and the same for programs. */

typedef enum {
    AQR_STEP_WOULD, /* in a dry run */
    AQR_STEP_DONE,
    AQR_STEP_SAME, /* was so already */
    AQR_STEP_FAILED,
} AqrStepResult;

typedef struct {
    const AqrSetupStep *step; /* borrowed */
    AqrStepResult result;
    char *why; /* of FAILED */
} AqrStepReport;

void aqr_step_report_free(AqrStepReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrStepReport, aqr_step_report_free)

typedef struct {
    const AqrHostFacts *facts;
    const GPtrArray *findings; /* of AqrFinding */
    const GPtrArray *steps;    /* of AqrStepReport; NULL: none were asked for */
} AqrSetupReport;

/* Findings in groups, with what to do, and a last line that counts. */
char *aqr_setup_report_text(const AqrSetupReport *report,
                            gboolean colour) G_GNUC_WARN_UNUSED_RESULT;

char *aqr_setup_report_json(const AqrSetupReport *report) G_GNUC_WARN_UNUSED_RESULT;

/* The same with further members, which @add adds. (Who only includes this needs no
 * json-glib.) */
typedef struct _JsonBuilder JsonBuilder;
char *aqr_setup_report_json_with(const AqrSetupReport *report,
                                 void (*add)(JsonBuilder *builder, gconstpointer data),
                                 gconstpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* No check FAILs, and no step failed. */
gboolean aqr_setup_report_is_good(const AqrSetupReport *report);
