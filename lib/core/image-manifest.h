/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/image-facts.h"

/* What stands beside an image, as IMAGE.json: what it was made of, what is in it, and what
 * was found when it was proven. JSON, for people and programs. */

/* Borrowed, all of it. */
typedef struct {
    const char *version;        /* of who made it: AQR_VERSION */
    gint64 made;                /* seconds since 1970 */
    const char *release;        /* as it was asked for: "trixie", "sid"; NULL: as the image says */
    const char *arch;           /* "amd64"; NULL: as the image says */
    const char *const *users;   /* who may use GPUs in it; NULL: none */
    const char *const *boots;   /* by what it boots: "efi", "bios"; without findings, by what it
                                 * was made to; NULL: that is not known */
    guint64 size;               /* bytes of the disk that the guest sees */
    const AqrImageFacts *facts; /* NULL: it was not asked */
    const GPtrArray *findings;  /* of AqrFinding; NULL: it was not judged */
} AqrImageManifest;

/* Lines, with their end; transfer full. */
char *aqr_image_manifest_text(const AqrImageManifest *manifest) G_GNUC_WARN_UNUSED_RESULT;

/* What can be read back of one: how the image is to be made up to date. */
typedef struct {
    char *release; /* NULL: it does not say; so with the others */
    char *arch;
    GStrv users;
    GStrv boots;
} AqrImageOrigin;

/* AQR_ERROR_IMAGE for what is no manifest, or of a later version than is known here. */
AqrImageOrigin *aqr_image_manifest_parse(const char *text,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_image_origin_free(AqrImageOrigin *origin);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrImageOrigin, aqr_image_origin_free)
