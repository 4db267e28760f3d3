/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* core/capped-log in a file. Its end is in it as of the last aqr_capped_file_flush(). */
typedef struct AqrCappedFile AqrCappedFile;

/* A new file at @path. AQR_ERROR_HOST. */
AqrCappedFile *aqr_capped_file_new(const char *path, gsize head, gsize tail,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_capped_file_free(AqrCappedFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrCappedFile, aqr_capped_file_free)

/* AQR_ERROR_HOST. */
gboolean aqr_capped_file_add(AqrCappedFile *file, const char *bytes, gsize length, GError **error);
gboolean aqr_capped_file_flush(AqrCappedFile *file, GError **error);
