/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rocm-qemu-run: looks after saved VMs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "aqr-config.h"
#include "base/error.h"
#include "cli/program.h"
#include "host/warm-cache.h"

#define NAME "rocm-qemu-run"

typedef struct {
    gboolean list, json, version;
    char *drop; /* a key, or "all" */
    char *dir;
} Options;

static void
options_clear(Options *options)
{
    g_free(options->drop);
    g_free(options->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

#define DESCRIPTION                                                        \
    "Without --warm-dir, saved VMs are in $AQR_WARM_DIR; else root's in\n" \
    "/var/cache/autopkgtest-virt-qemu-rocm/warm, anybody else's in\n"      \
    "~/.cache/autopkgtest-virt-qemu-rocm/warm.\n"                          \
    "\nExample:\n  rocm-qemu-run --warm-list\n\nSee rocm-qemu-run(1)."

static gboolean
check(const Options *options, const char *other, GError **error)
{
    const char *wrong = NULL;

    if (other != NULL)
        wrong = "too many words";
    else if (options->list && options->drop != NULL)
        wrong = "--warm-list or --warm-drop, not both";
    else if (!options->list && options->drop == NULL && !options->version)
        wrong = "nothing to do; use --warm-list or --warm-drop";
    else if (options->json && !options->list)
        wrong = "--json is for --warm-list";
    if (wrong != NULL)
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE, wrong);
    return wrong == NULL;
}

static gboolean
parse(Options *options, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "warm-list", 0, 0, G_OPTION_ARG_NONE, &options->list, "The saved VMs", NULL },
        { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON", NULL },
        { "warm-drop", 0, 0, G_OPTION_ARG_STRING, &options->drop, "Remove one, or all", "KEY|all" },
        { "warm-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->dir, "Where they are", "DIR" },
        { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_auto(GStrv) copy = g_strdupv(argv);
    g_autoptr(GError) failed = NULL;

    g_option_context_set_summary(context, "Looks after saved VMs, of which testbeds start warm.");
    g_option_context_set_description(context, DESCRIPTION);
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse_strv(context, &copy, &failed))
        return check(options, copy[0] == NULL ? NULL : copy[1], error);
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE, failed->message);
    return FALSE;
}

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

static gboolean
run(const Options *options, GError **error)
{
    g_autofree char *dir =
        aqr_warm_cache_dir(options->dir != NULL ? options->dir : g_getenv("AQR_WARM_DIR"));
    g_autoptr(AqrWarmCache) cache = NULL;

    if (!open_cache(dir, &cache, error))
        return FALSE;
    return options->list ? list(cache, options->json, error) : drop(cache, options->drop, error);
}

int
main(G_GNUC_UNUSED int argc, char **argv)
{
    g_auto(Options) options = { 0 };
    g_autoptr(GError) error = NULL;

    aqr_program_start(NAME);
    if (parse(&options, argv, &error)) {
        if (options.version) {
            g_print("%s %s\n", NAME, AQR_VERSION);
            return EXIT_SUCCESS;
        }
        if (run(&options, &error))
            return EXIT_SUCCESS;
    }
    aqr_program_say("%s", error->message);
    return g_error_matches(error, AQR_ERROR, AQR_ERROR_USAGE) ? 2 : 1;
}
