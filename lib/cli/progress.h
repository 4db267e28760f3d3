/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <stdio.h>

/* Tells a person how far it is: stages that begin and end, with the time that each took. On a
 * terminal a stage has one line, which is written anew as time goes by; elsewhere, lines behind
 * the program's name. */
typedef struct AqrProgress AqrProgress;

/* @stream is borrowed: stderr. What cli/program says goes well with it. One at a time. */
AqrProgress *aqr_progress_new(FILE *stream) G_GNUC_WARN_UNUSED_RESULT;
/* A stage that has not ended has failed. NULL is fine. */
void aqr_progress_free(AqrProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrProgress, aqr_progress_free)

/* The last stage has ended well, if there is one. */
void aqr_progress_begin(AqrProgress *progress, const char *stage);
/* Nothing, where no stage has begun. */
void aqr_progress_end(AqrProgress *progress, gboolean good);
