/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/warm-key.h"

/* What stands beside a saved VM: what it was made of, and what its parts must be. JSON, with
 * a checksum of its own: what can be read is what was written, to the bit. */

typedef struct {
    guint64 size;
    char *checksum; /* hexadecimal: host/checksum */
} AqrWarmPart;

typedef struct {
    char *key;        /* its name */
    gint64 made;      /* seconds since 1970 */
    GPtrArray *files; /* AqrFileId; the first is the image */
    AqrWarmPart memory, disk, state;
} AqrWarmManifest;

AqrWarmManifest *aqr_warm_manifest_new(const AqrWarmKey *key) G_GNUC_WARN_UNUSED_RESULT;
void aqr_warm_manifest_free(AqrWarmManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrWarmManifest, aqr_warm_manifest_free)

/* Lines, with their end; transfer full. */
char *aqr_warm_manifest_to_string(const AqrWarmManifest *manifest) G_GNUC_WARN_UNUSED_RESULT;

/* AQR_ERROR_HOST for anything but what aqr_warm_manifest_to_string() gave. */
AqrWarmManifest *aqr_warm_manifest_parse(const char *text,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
