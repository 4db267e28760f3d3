/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A file that is a JSON array of objects whenever somebody reads it, and after a SIGKILL, too:
 * each is written together with the array's end, over the end before it. */
typedef struct AqrTimelineFile AqrTimelineFile;

/* A new file. AQR_ERROR_HOST. */
AqrTimelineFile *aqr_timeline_file_new(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_timeline_file_free(AqrTimelineFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrTimelineFile, aqr_timeline_file_free)

/* Adds @object, JSON. What did not go in leaves the file as it was. AQR_ERROR_HOST. */
gboolean aqr_timeline_file_add(AqrTimelineFile *file, const char *object, GError **error);

/* Bytes. */
gsize aqr_timeline_file_length(const AqrTimelineFile *file);
