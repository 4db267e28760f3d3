/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/world.h"

/* A world that is another one, but for a note of how long each of its steps took. */
typedef struct AqrTimedWorld AqrTimedWorld;

/* @done is called after each step, with the error (transfer none) of one that failed. */
AqrTimedWorld *aqr_timed_world_new(const AqrWorld *world, gpointer world_data,
                                   void (*done)(const char *step, gint64 duration,
                                                const GError *error, gpointer data),
                                   gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void aqr_timed_world_free(AqrTimedWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrTimedWorld, aqr_timed_world_free)

/* The functions; their @world is an AqrTimedWorld. */
extern const AqrWorld aqr_timed_world;
