/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host-facts.h"

/* What can safely be set on a host so that fewer checks complain; host/setup-apply does
 * it. Nothing that another file already says, and nothing that is the firmware's, the boot
 * loader's or an administrator's to decide: libvirt's group is as good as root. */

typedef enum {
    AQR_STEP_FILE,      /* writes "path", which must be ours or not there */
    AQR_STEP_DIRECTORY, /* makes "path", root's, with this mode */
    AQR_STEP_COMMAND,   /* runs "argv" */
} AqrStepKind;

typedef struct {
    const char *id; /* static */
    AqrStepKind kind;
    char *title; /* what it does */
    char *path;
    char *text;   /* of a file; the first line is aqr_setup_mark */
    guint32 mode; /* of a directory */
    GStrv argv;
} AqrSetupStep;

/* By its first line a file is known to be ours. */
extern const char aqr_setup_mark[];

/* Of AqrSetupStep, in their order; empty: there is nothing to do. */
GPtrArray *aqr_setup_plan_make(const AqrHostFacts *facts) G_GNUC_WARN_UNUSED_RESULT;

void aqr_setup_step_free(AqrSetupStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrSetupStep, aqr_setup_step_free)
