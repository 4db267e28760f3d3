/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A file that is written to at any place, and ends where the last writing has ended. */
typedef struct AqrEvidenceFile AqrEvidenceFile;

/* A new, empty file at @path. AQR_ERROR_HOST. */
AqrEvidenceFile *aqr_evidence_file_new(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_evidence_file_free(AqrEvidenceFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrEvidenceFile, aqr_evidence_file_free)

/* What is behind @bytes goes. AQR_ERROR_HOST: not all of them could be written. */
gboolean aqr_evidence_file_write(AqrEvidenceFile *file, gsize at, const void *bytes, gsize length,
                                 GError **error);
