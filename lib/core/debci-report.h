/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/debci-setup.h"
#include "core/setup-report.h"

/* What rocm-qemu-setup --debci-worker tells: for people, with the files where they are not
 * written, and the same for programs. Never a password. */

typedef struct {
    AqrSetupReport setup; /* its steps: NULL, nothing was to be set */
    const AqrDebciPlan *plan;
    const GPtrArray *steps; /* of AqrSetupStep: what would be set */
    GStrv next;
} AqrDebciReport;

char *aqr_debci_report_text(const AqrDebciReport *report,
                            gboolean colour) G_GNUC_WARN_UNUSED_RESULT;
char *aqr_debci_report_json(const AqrDebciReport *report) G_GNUC_WARN_UNUSED_RESULT;
