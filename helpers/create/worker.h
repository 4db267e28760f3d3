/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/progress.h"
#include "host/stop.h"
#include "options.h"

/* build-image, the script that builds an image: its command line, and what it says. */

/* It writes the image to @output. */
GStrv create_worker_argv(const CreateOptions *options,
                         const char *output) G_GNUC_WARN_UNUSED_RESULT;

/* Runs it to its end; its stages become those of @progress. When it is stopped it has cleaned up
 * before this returns. AQR_ERROR_HOST, AQR_ERROR_STOPPED. */
gboolean create_worker_run(const char *const *argv, AqrProgress *progress, const AqrStop *stop,
                           GError **error);

/* Removes what killed ones have left. */
void create_worker_sweep(void);
