/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/setup-report.h"
#include "host/stop.h"

/* Does what core/setup-plan planned. Every step is harmless where it has been done. A file
 * that is not ours is never touched, and no link is followed. */

typedef struct {
    const char *root;    /* of files and directories: "/"; tests have others */
    gboolean dry_run;    /* touch nothing */
    const AqrStop *stop; /* of programs that are run; may be NULL */
} AqrSetupPlace;

/* Of AqrStepReport, one for each of @steps (of AqrSetupStep, borrowed). A step that fails
 * does not keep the others from being tried. */
GPtrArray *aqr_setup_apply(const GPtrArray *steps,
                           const AqrSetupPlace *place) G_GNUC_WARN_UNUSED_RESULT;
