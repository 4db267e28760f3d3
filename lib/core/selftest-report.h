/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What rocm-qemu-setup --selftest found, as Markdown that a maintainer can send: how "ran in
 * the lab" becomes "ran on hardware". */

typedef struct {
    guint round;
    const char *name; /* "bind and boot", static */
    gint64 duration;  /* microseconds */
    char *error;      /* NULL: it went well */
} AqrSelftestStep;

void aqr_selftest_step_free(AqrSelftestStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrSelftestStep, aqr_selftest_step_free)

typedef struct {
    const char *version;    /* ours */
    const GPtrArray *facts; /* of char: "kernel: 6.12.0", in the order to read them */
    const GPtrArray *steps; /* AqrSelftestStep */
    const char *gpus;       /* core/gpu-report's table, before */
    const char *guest;      /* what the guest says of its GPUs; NULL: it was never asked */
    const char *host_log;   /* the host kernel's messages meanwhile; NULL: untold */
} AqrSelftestReport;

/* Whether there was a step, and all went well. */
gboolean aqr_selftest_report_is_good(const AqrSelftestReport *report);

char *aqr_selftest_report_text(const AqrSelftestReport *report) G_GNUC_WARN_UNUSED_RESULT;
