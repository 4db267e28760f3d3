/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-firmware.h"

#include "base/error.h"
#include "core/gpu-table.h"

struct AqrGpuFirmware {
    GHashTable *prefixes; /* gfx target -> GStrv */
};

static void
free_strv(gpointer data)
{
    g_strfreev(data);
}

void
aqr_gpu_firmware_free(AqrGpuFirmware *table)
{
    if (table == NULL)
        return;
    g_hash_table_unref(table->prefixes);
    g_free(table);
}

const char *const *
aqr_gpu_firmware_find(const AqrGpuFirmware *table, const char *gfx)
{
    return g_hash_table_lookup(table->prefixes, gfx);
}

static GStrv
split(const char *line)
{
    g_auto(GStrv) pieces = g_strsplit_set(line, " \t\r", -1);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    for (char **piece = pieces; *piece != NULL; piece++) {
        if (**piece != '\0')
            g_strv_builder_add(words, *piece);
    }
    return g_strv_builder_end(words);
}

static gboolean
read_row(AqrGpuFirmware *table, const char *line, GError **error)
{
    g_auto(GStrv) words = split(line);
    const char *wrong = NULL;

    if (words[0] == NULL)
        return TRUE;
    if (!aqr_gfx_is(words[0]))
        wrong = "is not a gfx target, such as gfx90a";
    else if (words[1] == NULL)
        wrong = "has no firmware";
    else if (g_hash_table_contains(table->prefixes, words[0]))
        wrong = "is not new: an earlier line has it";
    if (wrong != NULL) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "\"%s\" %s", words[0], wrong);
        return FALSE;
    }
    g_hash_table_insert(table->prefixes, g_strdup(words[0]), g_strdupv(words + 1));
    return TRUE;
}

AqrGpuFirmware *
aqr_gpu_firmware_parse(const char *text, GError **error)
{
    g_autoptr(AqrGpuFirmware) table = g_new0(AqrGpuFirmware, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    table->prefixes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_strv);
    for (guint i = 0; lines[i] != NULL; i++) {
        if (*lines[i] != '#' && !read_row(table, lines[i], error)) {
            g_prefix_error(error, "line %u: ", i + 1);
            return NULL;
        }
    }
    return g_steal_pointer(&table);
}
