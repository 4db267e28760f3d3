/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-table.h"

#include <string.h>

#include "base/error.h"
#include "support/check-main.h"
#include "support/data.h"

#define SHIPPED "../data/amdgpu-gfx.tsv"

/* --- what is shipped ------------------------------------------------------ */

/* The parser would take lines in any order. */
START_TEST(shipped_is_sorted)
{
    g_autofree char *text = test_data_read(SHIPPED, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gint64 last = -1;
    guint n = 0;

    for (char **line = lines; *line != NULL; line++) {
        gint64 id = g_ascii_strtoll(*line, NULL, 16);

        if (**line == '#' || **line == '\0')
            continue;
        ck_assert_msg(id > last, "\"%s\" is behind %04x", *line, (guint)last);
        last = id;
        n++;
    }
    ck_assert_uint_gt(n, 200);
}
END_TEST

/* So that a name does not slip into the column of notes. */
START_TEST(shipped_has_its_columns)
{
    g_autofree char *text = test_data_read(SHIPPED, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) columns = g_strsplit(*line, "\t", -1);
        guint n = g_strv_length(columns);

        if (**line == '#' || **line == '\0')
            continue;
        ck_assert_msg(n == 6 || n == 7, "%s", *line);
        for (guint i = 0; i < n; i++)
            ck_assert_msg(columns[i][0] != '\0', "%s", *line);
    }
}
END_TEST

static const struct {
    guint device;
    AqrGpuKind kind;
    const char *gfx; /* NULL: not in it */
    const char *name;
} known[] = {
    { 0x73bf, AQR_GPU_DISCRETE, "gfx1030", "AMD Radeon RX 6900 XT" },
    { 0x740f, AQR_GPU_DISCRETE, "gfx90a", "AMD Instinct MI210" },
    { 0x74a1, AQR_GPU_DISCRETE, "gfx942", "AMD Instinct MI300X" },
    { 0x66a1, AQR_GPU_DISCRETE, "gfx906", "AMD Instinct MI60 / MI50" },
    { 0x738c, AQR_GPU_DISCRETE, "gfx908", "AMD Instinct MI100" },
    { 0x744c, AQR_GPU_DISCRETE, "gfx1100", "AMD Radeon RX 7900 XTX" },
    { 0x7550, AQR_GPU_DISCRETE, "gfx1201", "AMD Radeon RX 9070 XT" },
    { 0x1681, AQR_GPU_APU, "gfx1035", "AMD Radeon 680M" },
    { 0x74b5, AQR_GPU_VIRTUAL, "gfx942", "AMD Instinct MI300X VF" },
    { 0x67c1, AQR_GPU_DISCRETE, "gfx803", "Polaris10" }, /* never sold under a name */
    { 0x13f3, 0, NULL, NULL },                           /* one source had it, by mistake */
    { 0x0000, 0, NULL, NULL },
};

START_TEST(knows_the_shipped)
{
    g_autofree char *text = test_data_read(SHIPPED, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_parse(text, &error);
    const AqrGpuRow *row;

    ck_assert_no_error(error);
    row = aqr_gpu_table_find(table, (guint16)known[_i].device);
    ck_assert_pstr_eq(row == NULL ? NULL : row->gfx, known[_i].gfx);
    if (row == NULL)
        return;
    ck_assert_int_eq(row->kind, known[_i].kind);
    ck_assert_str_eq(row->name, known[_i].name);
}
END_TEST

/* --- what people may make of it ------------------------------------------- */

#define ROW "73bf\tgfx1030\tdiscrete\thigh\tSienna Cichlid\tAMD Radeon RX 6800 | AMD X\tnote\n"

static const struct {
    const char *text;
    const char *name;  /* of 73bf; NULL: not in it */
    const char *error; /* NULL: taken */
} texts[] = {
    { ROW, "AMD Radeon RX 6800", NULL },
    { "", NULL, NULL },
    { "\n# 73bf\tgfx9\n\n", NULL, NULL },
    { "# a\r\n\r\n73BF\tgfx1030\tdiscrete\thigh\tNavi 21\tRX\r\n", "RX", NULL },
    { "  73bf gfx1030\t\tdiscrete   single  Navi 21\t RX \t note", "RX", NULL },
    { "73bf gfx1030 discrete high", "", NULL },
    { "73bf gfx1030 discrete high Navi 21", "Navi 21", NULL },
    { "73bf gfx1030 discrete high Navi 21\t-\tnote", "Navi 21", NULL },
    { "73bf gfx1030 discrete high -\t-", "", NULL },
    { "73bf gfx1030 discrete high -\tRX", "RX", NULL },
    { "\n\n73bg gfx1030 discrete high -\t-", NULL,
      "line 3: \"73bg\" is not a device id of four hexadecimal digits" },
    { "3bf gfx1030 discrete high", NULL,
      "line 1: \"3bf\" is not a device id of four hexadecimal digits" },
    { "0x73bf gfx1030 discrete high", NULL,
      "line 1: \"0x73bf\" is not a device id of four hexadecimal digits" },
    { "+3bf gfx1030 discrete high", NULL,
      "line 1: \"+3bf\" is not a device id of four hexadecimal digits" },
    { "0x3b gfx1030 discrete high", NULL,
      "line 1: \"0x3b\" is not a device id of four hexadecimal digits" },
    { ROW "73BF gfx1031 apu high\n", NULL, "line 2: \"73BF\" is not new: an earlier line has it" },
    { ROW "73c0 Navi apu high\n", NULL, "line 2: \"Navi\" is not a gfx target, such as gfx90a" },
    { "73bf gfx1030 dgpu high", NULL, "line 1: \"dgpu\" is not discrete, apu or virtual" },
    { "73bf gfx1030 apu sure", NULL, "line 1: \"sure\" is not high or single" },
    { "73bf gfx1030 apu", NULL, "line 1: \"\" is not high or single" },
    { "73bf", NULL, "line 1: \"\" is not a gfx target, such as gfx90a" },
};

START_TEST(parses)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_parse(texts[_i].text, &error);
    const AqrGpuRow *row;

    ck_assert_pstr_eq(error == NULL ? NULL : error->message, texts[_i].error);
    if (error != NULL) {
        ck_assert(g_error_matches(error, AQR_ERROR, AQR_ERROR_HOST));
        ck_assert_ptr_null(table);
        return;
    }
    row = aqr_gpu_table_find(table, 0x73bf);
    ck_assert_pstr_eq(row == NULL ? NULL : row->name, texts[_i].name);
}
END_TEST

START_TEST(knows_nothing)
{
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();

    ck_assert_ptr_null(aqr_gpu_table_find(table, 0x73bf));
}
END_TEST

/* --- gfx targets ---------------------------------------------------------- */

static const struct {
    guint32 version;
    const char *gfx; /* NULL: no such version */
} versions[] = {
    { 90000, "gfx900" },   { 90010, "gfx90a" },   { 90012, "gfx90c" },   { 90402, "gfx942" },
    { 100300, "gfx1030" }, { 110001, "gfx1101" }, { 80003, "gfx803" },   { 120500, "gfx1250" },
    { 110501, "gfx1151" }, { 0, NULL },           { 42, NULL },          { 90016, NULL },
    { 91600, NULL },       { 1000000, NULL },     { G_MAXUINT32, NULL },
};

START_TEST(names_target_versions)
{
    g_autofree char *gfx = aqr_gfx_from_target_version(versions[_i].version);

    ck_assert_pstr_eq(gfx, versions[_i].gfx);
    ck_assert(gfx == NULL || aqr_gfx_is(gfx));
}
END_TEST

static const struct {
    guint32 major, minor, revision;
    const char *gfx; /* NULL: unknown */
} cores[] = {
    { 9, 0, 1, "gfx900" },   { 9, 4, 2, "gfx90a" },    { 9, 4, 4, "gfx942" },
    { 9, 5, 0, "gfx950" },   { 10, 1, 10, "gfx1010" }, { 10, 3, 0, "gfx1030" },
    { 10, 3, 4, "gfx1032" }, { 10, 3, 7, "gfx1036" },  { 11, 0, 3, "gfx1101" },
    { 11, 0, 2, "gfx1102" }, { 11, 5, 6, "gfx1154" },  { 12, 0, 1, "gfx1201" },
    { 12, 1, 0, "gfx1250" }, { 13, 0, 0, NULL },       { 0, 0, 0, NULL },
    { 9, 0, 0, NULL },
};

START_TEST(names_graphics_cores)
{
    g_autofree char *gfx =
        aqr_gfx_from_gc_version(cores[_i].major << 16 | cores[_i].minor << 8 | cores[_i].revision);

    ck_assert_pstr_eq(gfx, cores[_i].gfx);
    ck_assert(gfx == NULL || aqr_gfx_is(gfx));
}
END_TEST

static const struct {
    const char *text;
    gboolean is;
} targets[] = {
    { "gfx700", TRUE },
    { "gfx90a", TRUE },
    { "gfx90c", TRUE },
    { "gfx1030", TRUE },
    { "gfx115f", TRUE },
    { "gfx", FALSE },
    { "gfx9", FALSE },
    { "gfx90", FALSE },
    { "gfx9xx", FALSE },
    { "gfx90A", FALSE },
    { "GFX900", FALSE },
    { "gfx090a", FALSE },
    { "gfx1a00", FALSE },
    { "gfxa00", FALSE },
    { "gfx10300", FALSE },
    { "gfx1030 ", FALSE },
    { " gfx900", FALSE },
    { "", FALSE },
    { "gfx10-3-generic", FALSE },
};

START_TEST(tells_targets)
{
    ck_assert_int_eq(aqr_gfx_is(targets[_i].text), targets[_i].is);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, shipped_is_sorted);
    tcase_add_test(tcase, shipped_has_its_columns);
    tcase_add_loop_test(tcase, knows_the_shipped, 0, G_N_ELEMENTS(known));
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(texts));
    tcase_add_test(tcase, knows_nothing);
    tcase_add_loop_test(tcase, names_target_versions, 0, G_N_ELEMENTS(versions));
    tcase_add_loop_test(tcase, names_graphics_cores, 0, G_N_ELEMENTS(cores));
    tcase_add_loop_test(tcase, tells_targets, 0, G_N_ELEMENTS(targets));
}
