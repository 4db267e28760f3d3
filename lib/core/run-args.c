/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/run-args.h"

#include <string.h>

#include "base/error.h"
#include "core/gpu-selector.h"
#include "core/qemu-args.h"

void
aqr_run_args_clear(AqrRunArgs *args)
{
    g_strfreev(args->own);
    g_free(args->image);
    g_strfreev(args->qemu);
    g_strfreev(args->command);
    *args = (AqrRunArgs){ 0 };
}

typedef struct {
    const char *const *next;
    const GOptionEntry *known;
    GStrvBuilder *own;
} Sorting;

/* --- options ------------------------------------------------------------ */

static const GOptionEntry *
find_long(const GOptionEntry *known, const char *name, gsize length)
{
    for (; known->long_name != NULL; known++) {
        if (strlen(known->long_name) == length && strncmp(known->long_name, name, length) == 0)
            return known;
    }
    return NULL;
}

static const GOptionEntry *
find_short(const GOptionEntry *known, char letter)
{
    while (known->long_name != NULL && known->short_name != letter)
        known++;
    return known->long_name == NULL ? NULL : known;
}

static void
add_long(Sorting *sorting, const char *name, const char *value)
{
    g_autofree char *word =
        value == NULL ? g_strconcat("--", name, NULL) : g_strconcat("--", name, "=", value, NULL);

    g_strv_builder_add(sorting->own, word);
}

/* The next word, where there is one; otherwise the option stays alone, and who reads it knows
 * what to say. */
static void
add_with_next(Sorting *sorting, const char *name)
{
    add_long(sorting, name, *sorting->next);
    if (*sorting->next != NULL)
        sorting->next++;
}

/* FALSE: it is none of ours. */
static gboolean
take_long(Sorting *sorting, const char *word)
{
    const char *equals = strchr(word, '=');
    gsize length = equals == NULL ? strlen(word + 2) : (gsize)(equals - word) - 2;
    const GOptionEntry *entry = find_long(sorting->known, word + 2, length);

    if (entry == NULL && !g_str_equal(word, "--help"))
        return FALSE;
    if (entry != NULL && equals == NULL && entry->arg != G_OPTION_ARG_NONE)
        add_with_next(sorting, entry->long_name);
    else
        g_strv_builder_add(sorting->own, word);
    return TRUE;
}

/* "-c4", "-c 4", "-sc4". An unknown one is left as it is. */
static void
take_short(Sorting *sorting, const char *word)
{
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        const GOptionEntry *entry = find_short(sorting->known, *letter);
        const char unknown[] = { '-', *letter, '\0' };

        if (entry != NULL && entry->arg != G_OPTION_ARG_NONE) {
            if (letter[1] == '\0')
                add_with_next(sorting, entry->long_name);
            else
                add_long(sorting, entry->long_name, letter + 1);
            return;
        }
        if (entry != NULL)
            add_long(sorting, entry->long_name, NULL);
        else
            g_strv_builder_add(sorting->own, *letter == 'h' ? "--help" : unknown);
    }
}

/* ------------------------------------------------------------------------- */

static char *
take_until_image(Sorting *sorting)
{
    while (*sorting->next != NULL && !g_str_equal(*sorting->next, "--")) {
        const char *word = *sorting->next++;

        if (word[0] != '-' || word[1] == '\0')
            return g_strdup(word);
        if (word[1] != '-')
            take_short(sorting, word);
        else if (!take_long(sorting, word))
            g_strv_builder_add(sorting->own, word);
    }
    return NULL;
}

static gboolean
is_gpu(const char *word)
{
    const char *const words[] = { word, NULL };
    g_autoptr(GPtrArray) selectors = word == NULL ? NULL : aqr_gpu_selectors_parse(words, NULL);

    return selectors != NULL;
}

/* It protects only what -drive names, and IMAGE is described to QEMU in another way. So it is ours,
 * for IMAGE, and QEMU's. */
static gboolean
take_snapshot(Sorting *sorting, const char *word, GStrvBuilder *qemu)
{
    const char *const words[] = { word, NULL };

    if (!aqr_qemu_args_have(words, "snapshot"))
        return FALSE;
    add_long(sorting, "snapshot", NULL);
    g_strv_builder_add(qemu, "-snapshot");
    return TRUE;
}

static GStrv
take_until_command(Sorting *sorting)
{
    g_autoptr(GStrvBuilder) qemu = g_strv_builder_new();

    while (*sorting->next != NULL && !g_str_equal(*sorting->next, "--")) {
        const char *word = *sorting->next++;

        if (g_str_equal(word, "-g") && is_gpu(*sorting->next))
            add_with_next(sorting, "gpu");
        else if (!take_snapshot(sorting, word, qemu) &&
                 (!g_str_has_prefix(word, "--") || !take_long(sorting, word)))
            g_strv_builder_add(qemu, word);
    }
    return g_strv_builder_end(qemu);
}

static gboolean
take_command(Sorting *sorting, AqrRunArgs *args, GError **error)
{
    if (*sorting->next == NULL)
        return TRUE;
    if (sorting->next[1] != NULL) {
        args->command = g_strdupv((GStrv)sorting->next + 1);
        return TRUE;
    }
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE, "no COMMAND behind \"--\"");
    return FALSE;
}

gboolean
aqr_run_args_sort(const char *const *argv, const GOptionEntry *known, AqrRunArgs *args,
                  GError **error)
{
    g_autoptr(GStrvBuilder) own = g_strv_builder_new();
    g_auto(AqrRunArgs) sorted = { 0 };
    Sorting sorting = { argv + 1, known, own };

    g_strv_builder_add(own, argv[0]);
    sorted.image = take_until_image(&sorting);
    sorted.qemu = take_until_command(&sorting);
    if (!take_command(&sorting, &sorted, error))
        return FALSE;
    sorted.own = g_strv_builder_end(own);
    *args = sorted;
    sorted = (AqrRunArgs){ 0 };
    return TRUE;
}
