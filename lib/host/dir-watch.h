/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Tells when something in a directory may have been unlocked or removed. */
typedef struct AqrDirWatch AqrDirWatch;

/* Calls @changed in the main context whenever a file in the directory @path that was open for
 * writing has been closed, or one was removed: too often rather than too late, so look then.
 * It must not free the watch. NULL and AQR_ERROR_HOST. */
AqrDirWatch *aqr_dir_watch_new(const char *path, void (*changed)(gpointer data), gpointer data,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_dir_watch_free(AqrDirWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrDirWatch, aqr_dir_watch_free)
