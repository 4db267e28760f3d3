/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/warm-manifest.h"

#include "base/error.h"
#include "fuzz.h"

static void
check_part(const AqrWarmPart *part)
{
    g_assert(part->checksum != NULL && part->size <= G_MAXINT64);
}

/* What is taken is what would be written, to the byte. */
static void
check(const AqrWarmManifest *manifest, const char *text)
{
    g_autofree char *again = aqr_warm_manifest_to_string(manifest);

    g_assert_cmpstr(again, ==, text);
    g_assert(aqr_warm_key_is_name(manifest->key));
    g_assert(manifest->files->len > 0);
    check_part(&manifest->memory);
    check_part(&manifest->disk);
    check_part(&manifest->state);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *text = fuzz_text(bytes, length);
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrWarmManifest) manifest = aqr_warm_manifest_parse(text, &error);

    if (manifest != NULL)
        check(manifest, text);
    g_assert((manifest == NULL) == g_error_matches(error, AQR_ERROR, AQR_ERROR_HOST));
    return 0;
}
