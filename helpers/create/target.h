/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The name of what an image is to be. */

/* What @image is without symbolic links, also where the last one leads to nothing yet. */
char *target_resolve(const char *image) G_GNUC_WARN_UNUSED_RESULT;
/* Where the new image goes that is to be @target, which is resolved. */
char *target_draft(const char *target) G_GNUC_WARN_UNUSED_RESULT;
