/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-table.h"

#include <string.h>

#include "base/error.h"

struct AqrGpuTable {
    GHashTable *rows;      /* of AqrGpuRow, by device id */
    GStringChunk *strings; /* the rows' */
};

AqrGpuTable *
aqr_gpu_table_new(void)
{
    AqrGpuTable *table = g_new(AqrGpuTable, 1);

    table->rows = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    table->strings = g_string_chunk_new(4096);
    return table;
}

void
aqr_gpu_table_free(AqrGpuTable *table)
{
    if (table == NULL)
        return;
    g_hash_table_unref(table->rows);
    g_string_chunk_free(table->strings);
    g_free(table);
}

const AqrGpuRow *
aqr_gpu_table_find(const AqrGpuTable *table, guint16 device)
{
    return g_hash_table_lookup(table->rows, GUINT_TO_POINTER(device));
}

/* The next word of @rest, which goes on behind it: columns without blanks in them. */
static char *
take_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");

    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

/* The next column, which ends at a tab. */
static char *
take_column(char **rest)
{
    char *column = *rest + strspn(*rest, " \t");
    char *end = column + strcspn(column, "\t");

    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return g_strchomp(column);
}

static gboolean
read_device(const char *word, guint16 *device)
{
    guint64 number;

    if (strlen(word) != 4 || !g_ascii_string_to_unsigned(word, 16, 0, G_MAXUINT16, &number, NULL))
        return FALSE;
    *device = (guint16)number;
    return TRUE;
}

static gboolean
read_kind(const char *word, AqrGpuKind *kind)
{
    static const char *const words[] = {
        [AQR_GPU_DISCRETE] = "discrete",
        [AQR_GPU_APU] = "apu",
        [AQR_GPU_VIRTUAL] = "virtual",
    };

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_equal(word, words[i])) {
            *kind = (AqrGpuKind)i;
            return TRUE;
        }
    }
    return FALSE;
}

/* The first name, or the chip's; "" where neither is known. */
static const char *
read_name(char *rest)
{
    char *chip = take_column(&rest);
    char *names = take_column(&rest);
    char *end = strstr(names, " | ");

    if (end != NULL)
        *end = '\0';
    if (*names != '\0' && !g_str_equal(names, "-"))
        return names;
    return g_str_equal(chip, "-") ? "" : chip;
}

static gboolean
refuse(const char *word, const char *what, GError **error)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "\"%s\" is not %s", word, what);
    return FALSE;
}

static gboolean
read_row(AqrGpuTable *table, char *line, GError **error)
{
    char *device_word = take_word(&line), *gfx = take_word(&line), *kind = take_word(&line);
    char *confidence = take_word(&line);
    AqrGpuRow row;
    guint16 device;

    if (!read_device(device_word, &device))
        return refuse(device_word, "a device id of four hexadecimal digits", error);
    if (!aqr_gfx_is(gfx))
        return refuse(gfx, "a gfx target, such as gfx90a", error);
    if (!read_kind(kind, &row.kind))
        return refuse(kind, "discrete, apu or virtual", error);
    if (!g_str_equal(confidence, "high") && !g_str_equal(confidence, "single"))
        return refuse(confidence, "high or single", error);
    if (aqr_gpu_table_find(table, device) != NULL)
        return refuse(device_word, "new: an earlier line has it", error);
    row.gfx = g_string_chunk_insert_const(table->strings, gfx);
    row.name = g_string_chunk_insert_const(table->strings, read_name(line));
    g_hash_table_insert(table->rows, GUINT_TO_POINTER(device), g_memdup2(&row, sizeof row));
    return TRUE;
}

AqrGpuTable *
aqr_gpu_table_parse(const char *text, GError **error)
{
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);

        if (*line != '\0' && *line != '#' && !read_row(table, line, error)) {
            g_prefix_error(error, "line %u: ", i + 1);
            return NULL;
        }
    }
    return g_steal_pointer(&table);
}

gboolean
aqr_gfx_is(const char *text)
{
    gsize n_decimal, length;

    if (!g_str_has_prefix(text, "gfx") || text[3] == '0')
        return FALSE;
    text += strlen("gfx");
    length = strspn(text, "0123456789abcdef");
    n_decimal = strspn(text, "0123456789");
    return text[length] == '\0' && (length == 3 || length == 4) && n_decimal >= length - 2;
}

char *
aqr_gfx_from_target_version(guint32 version)
{
    guint32 major = version / 10000, minor = version / 100 % 100, stepping = version % 100;

    if (major == 0 || major > 99 || minor > 0xf || stepping > 0xf)
        return NULL;
    return g_strdup_printf("gfx%u%x%x", major, minor, stepping);
}

#define GC(major, minor, revision) ((major) << 16 | (minor) << 8 | (revision))

/* Linux 7.2, drivers/gpu/drm/amd/amdkfd/kfd_device.c, kgd2kfd_probe(). */
static const struct {
    guint32 gc;
    const char *gfx;
} cores[] = {
    { GC(9, 0, 1), "gfx900" },   { GC(9, 1, 0), "gfx902" },   { GC(9, 2, 2), "gfx902" },
    { GC(9, 2, 1), "gfx904" },   { GC(9, 3, 0), "gfx90c" },   { GC(9, 4, 0), "gfx906" },
    { GC(9, 4, 1), "gfx908" },   { GC(9, 4, 2), "gfx90a" },   { GC(9, 4, 3), "gfx942" },
    { GC(9, 4, 4), "gfx942" },   { GC(9, 5, 0), "gfx950" },   { GC(10, 1, 10), "gfx1010" },
    { GC(10, 1, 2), "gfx1011" }, { GC(10, 1, 1), "gfx1012" }, { GC(10, 1, 3), "gfx1013" },
    { GC(10, 1, 4), "gfx1013" }, { GC(10, 3, 0), "gfx1030" }, { GC(10, 3, 2), "gfx1031" },
    { GC(10, 3, 4), "gfx1032" }, { GC(10, 3, 1), "gfx1033" }, { GC(10, 3, 5), "gfx1034" },
    { GC(10, 3, 3), "gfx1035" }, { GC(10, 3, 6), "gfx1036" }, { GC(10, 3, 7), "gfx1036" },
    { GC(11, 0, 0), "gfx1100" }, { GC(11, 0, 3), "gfx1101" }, { GC(11, 0, 2), "gfx1102" },
    { GC(11, 0, 1), "gfx1103" }, { GC(11, 0, 4), "gfx1103" }, { GC(11, 5, 0), "gfx1150" },
    { GC(11, 5, 1), "gfx1151" }, { GC(11, 5, 2), "gfx1152" }, { GC(11, 5, 3), "gfx1153" },
    { GC(11, 5, 4), "gfx1154" }, { GC(11, 5, 6), "gfx1154" }, { GC(11, 7, 0), "gfx1170" },
    { GC(11, 7, 1), "gfx1171" }, { GC(12, 0, 0), "gfx1200" }, { GC(12, 0, 1), "gfx1201" },
    { GC(12, 1, 0), "gfx1250" },
};

char *
aqr_gfx_from_gc_version(guint32 version)
{
    for (guint i = 0; i < G_N_ELEMENTS(cores); i++) {
        if (cores[i].gc == version)
            return g_strdup(cores[i].gfx);
    }
    return NULL;
}
