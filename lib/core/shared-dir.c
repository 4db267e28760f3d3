/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/shared-dir.h"

#include <string.h>

#include "base/error.h"

AqrSharedDir *
aqr_shared_dir_new(const char *source, const char *target, gboolean writable, const char *here)
{
    AqrSharedDir *dir = g_new(AqrSharedDir, 1);

    *dir = (AqrSharedDir){ g_canonicalize_filename(source, here), g_strdup(target), writable };
    return dir;
}

void
aqr_shared_dir_free(AqrSharedDir *dir)
{
    if (dir == NULL)
        return;
    g_free(dir->source);
    g_free(dir->target);
    g_free(dir);
}

static gboolean
take_path(char **place, const char *path)
{
    if (*place != NULL || *path == '\0')
        return FALSE;
    *place = g_strdup(path);
    return TRUE;
}

static gboolean
take_part(AqrSharedDir *dir, const char *part)
{
    if (g_str_has_prefix(part, "src="))
        return take_path(&dir->source, part + strlen("src="));
    if (g_str_has_prefix(part, "dst="))
        return take_path(&dir->target, part + strlen("dst="));
    if (!g_str_equal(part, "rw") || dir->writable)
        return FALSE;
    dir->writable = TRUE;
    return TRUE;
}

static gboolean
take_all(AqrSharedDir *dir, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (char **part = parts; *part != NULL; part++) {
        if (!take_part(dir, *part))
            return FALSE;
    }
    return dir->source != NULL && dir->target != NULL && *dir->target == '/';
}

AqrSharedDir *
aqr_shared_dir_parse(const char *text, const char *here, GError **error)
{
    g_autoptr(AqrSharedDir) dir = g_new0(AqrSharedDir, 1);

    if (!take_all(dir, text)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                    "--shared-dir=%s: it must be src=DIR,dst=DIR or src=DIR,dst=DIR,rw, with an "
                    "absolute path in the guest and no commas in the names",
                    text);
        return NULL;
    }
    return aqr_shared_dir_new(dir->source, dir->target, dir->writable, here);
}

char *
aqr_shared_dir_tag(unsigned number)
{
    return g_strdup_printf("autopkgtest-%u", number);
}
