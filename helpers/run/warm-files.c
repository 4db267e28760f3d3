/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "warm-files.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "host/warm-cache.h"

static gboolean
print(const char *text, GError **error)
{
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot write the list: %s", g_strerror(errno));
    return FALSE;
}

/* @cache: NULL, where there is no directory. */
static gboolean
list(AqrWarmCache *cache, gboolean json, GError **error)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) found = cache == NULL ? NULL : aqr_warm_cache_list(cache, error);
    const GPtrArray *entries = cache == NULL ? none : found;
    g_autofree char *text = NULL;

    if (cache != NULL && found == NULL)
        return FALSE;
    text = json ? aqr_warm_report_json(entries)
                : aqr_warm_report_table(entries, g_get_real_time() / G_USEC_PER_SEC);
    return print(text, error);
}

static gboolean
drop(AqrWarmCache *cache, const char *key, GError **error)
{
    gboolean all = g_str_equal(key, "all");

    if (cache != NULL)
        return aqr_warm_cache_drop(cache, all ? NULL : key, error);
    if (!all)
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "no saved VM \"%s\"; see --warm-list", key);
    return all;
}

/* A directory is not made for the sake of a look. */
static gboolean
open_cache(const char *dir, AqrWarmCache **cache, GError **error)
{
    struct stat status;

    if (lstat(dir, &status) < 0 && errno == ENOENT)
        return TRUE;
    *cache = aqr_warm_cache_open(dir, G_MAXUINT64, error);
    return *cache != NULL;
}

gboolean
warm_files_run(const RunOptions *options, GError **error)
{
    const char *wanted = options->vm.warm_dir;
    g_autofree char *dir = aqr_warm_cache_dir(wanted != NULL ? wanted : g_getenv("AQR_WARM_DIR"));
    g_autoptr(AqrWarmCache) cache = NULL;

    if (!open_cache(dir, &cache, error))
        return FALSE;
    return options->list ? list(cache, options->json, error) : drop(cache, options->drop, error);
}
