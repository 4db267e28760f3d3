/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/shared-dir.h"

#include <string.h>

#include "base/error.h"

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
    char *absolute;

    if (!take_all(dir, text)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                    "--shared-dir=%s: it must be src=DIR,dst=DIR or src=DIR,dst=DIR,rw, with an "
                    "absolute path in the guest and no commas in the names",
                    text);
        return NULL;
    }
    absolute = g_canonicalize_filename(dir->source, here);
    g_free(dir->source);
    dir->source = absolute;
    return g_steal_pointer(&dir);
}

char *
aqr_shared_dir_tag(unsigned number)
{
    return g_strdup_printf("autopkgtest-%u", number);
}
