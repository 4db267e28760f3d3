/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/wait.h"

/* Where what comes from a guest is unpacked. Who packed it may be hostile. GNU tar
 * does not follow the symbolic links that an archive brings along, nor "..", but it
 * does follow those that were there before (CVE-2025-45582): a first copy could bring
 * a link out of the directory, and a second one a file to go through it. So a
 * directory that holds a link gets the files by way of an empty one. */
typedef struct AqrStage AqrStage;

/* For the directory @target. AQR_ERROR_HOST. */
AqrStage *aqr_stage_new(const char *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes what is still on its way. NULL is fine. */
void aqr_stage_free(AqrStage *stage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrStage, aqr_stage_free)

/* Where to unpack. */
const char *aqr_stage_dir(const AqrStage *stage);

/* All has been unpacked: moves it to the target. AQR_ERROR_HOST, AQR_ERROR_STOPPED. */
gboolean aqr_stage_merge(AqrStage *stage, const AqrPatience *patience, GError **error);
