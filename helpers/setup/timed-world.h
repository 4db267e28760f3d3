/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/world.h"

/* A world that is @world, with its data, but starts VMs as @most at most and takes note of how
 * long its steps took: @done is called after each, with the error (transfer none) of one that
 * failed. What @world's functions are given knows nothing of that, so there is one at a time. */
AqrWorld aqr_timed_world(const AqrWorld *world, AqrStart most,
                         void (*done)(const char *step, gint64 duration, const GError *error,
                                      gpointer data),
                         gpointer data);
