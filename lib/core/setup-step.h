/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* One thing to set on a host: planned by core/setup-plan and core/debci-plan, done by
 * host/setup-apply. */

typedef enum {
    AQR_STEP_FILE,      /* writes "path", which must be ours or not there */
    AQR_STEP_DIRECTORY, /* makes "path" with this mode */
    AQR_STEP_REMOVAL,   /* removes "path", a file, which must be ours */
    AQR_STEP_COMMAND,   /* runs "argv" */
} AqrStepKind;

typedef struct {
    const char *id; /* static */
    AqrStepKind kind;
    char *title; /* what it does */
    char *path;
    char *text;        /* of a file; the first line is aqr_setup_mark */
    char *shown;       /* what may be shown of a text with a secret; NULL: all of it */
    guint32 mode;      /* of a directory; of a file 0: 0644 */
    const char *user;  /* whose a directory is; static; NULL: root's, or whose it was */
    const char *group; /* the same, of a file too */
    GStrv argv;
} AqrSetupStep;

/* By its first line a file is known to be ours. */
extern const char aqr_setup_mark[];

/* A new one at the end of @steps, which owns it. @text comes behind the mark; @argv ends
 * with NULL. */
AqrSetupStep *aqr_setup_step_add_file(GPtrArray *steps, const char *id, const char *path,
                                      const char *text);
AqrSetupStep *aqr_setup_step_add_directory(GPtrArray *steps, const char *id, const char *path,
                                           guint32 mode);
AqrSetupStep *aqr_setup_step_add_removal(GPtrArray *steps, const char *id, const char *path);
AqrSetupStep *aqr_setup_step_add_command(GPtrArray *steps, const char *id, const char *const *argv);

void aqr_setup_step_free(AqrSetupStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrSetupStep, aqr_setup_step_free)

/* (transfer full): an empty list of them. */
GPtrArray *aqr_setup_steps_new(void) G_GNUC_WARN_UNUSED_RESULT;
