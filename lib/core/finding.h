/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What a check has found: a line for people, with what to do about it, and a stable id
 * for programs. */

typedef enum { AQR_PASS, AQR_WARN, AQR_FAIL } AqrSeverity;

typedef struct {
    const char *id; /* "machine.kvm"; static */
    char *gpu;      /* "0000:03:00.0": it is of that one; NULL: of the host */
    AqrSeverity severity;
    char *title; /* NULL: the check does not apply */
    char *hint;  /* what to do; NULL: nothing */
} AqrFinding;

AqrFinding *aqr_finding_new(const char *id, const char *gpu) G_GNUC_WARN_UNUSED_RESULT;
void aqr_finding_free(AqrFinding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrFinding, aqr_finding_free)

/* (transfer full): none yet, of AqrFinding, which it frees. */
GPtrArray *aqr_findings_new(void) G_GNUC_WARN_UNUSED_RESULT;

/* One of these fills it in; @hint is copied. */
void aqr_finding_pass(AqrFinding *finding, const char *format, ...) G_GNUC_PRINTF(2, 3);
void aqr_finding_set(AqrFinding *finding, AqrSeverity severity, const char *hint,
                     const char *format, ...) G_GNUC_PRINTF(4, 5);
/* A warning: "unknown: ...". */
void aqr_finding_unknown(AqrFinding *finding, const char *hint, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

guint aqr_findings_count(const GPtrArray *findings, AqrSeverity severity);
