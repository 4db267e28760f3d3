/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-firmware.h"

#include <string.h>

#include "base/error.h"
#include "core/gpu-table.h"
#include "support/check-main.h"
#include "support/data.h"

#define SHIPPED "../data/amdgpu-firmware.tsv"
#define GPUS "../data/amdgpu-gfx.tsv"

static AqrGpuFirmware *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    AqrGpuFirmware *table = aqr_gpu_firmware_parse(text, &error);

    ck_assert_no_error(error);
    return table;
}

static const struct {
    const char *gfx;
    const char *prefixes; /* NULL: not in it */
} known[] = {
    { "gfx906", "vega20" },
    { "gfx90a", "aldebaran" },
    { "gfx942", "gc_9_4_3 gc_9_4_4" },
    { "gfx1030", "sienna_cichlid" },
    { "gfx1100", "gc_11_0_0" },
    { "gfx1201", "gc_12_0_1" },
    { "gfx1", NULL },
    { "", NULL },
};

START_TEST(knows_the_shipped)
{
    g_autofree char *text = test_data_read(SHIPPED, NULL);
    g_autoptr(AqrGpuFirmware) table = parse(text);
    const char *const *found = aqr_gpu_firmware_find(table, known[_i].gfx);
    g_autofree char *joined = found == NULL ? NULL : g_strjoinv(" ", (char **)found);

    ck_assert_pstr_eq(joined, known[_i].prefixes);
}
END_TEST

/* Every GPU that is known by its id can be asked for. */
START_TEST(has_all_targets)
{
    g_autofree char *text = test_data_read(SHIPPED, NULL);
    g_autofree char *gpus = test_data_read(GPUS, NULL);
    g_autoptr(AqrGpuFirmware) table = parse(text);
    g_auto(GStrv) lines = g_strsplit(gpus, "\n", -1);
    guint n = 0;

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit(*line, "\t", 3);

        if (**line == '#' || words[0] == NULL)
            continue;
        ck_assert_msg(aqr_gpu_firmware_find(table, words[1]) != NULL, "no firmware of %s: %s",
                      words[1], *line);
        n++;
    }
    ck_assert_uint_gt(n, 200);
}
END_TEST

static const struct {
    const char *text;
    const char *why; /* NULL: it is fine */
} tables[] = {
    { "", NULL },
    { "# gfx1030\n\n  \ngfx1030\tsienna_cichlid\r\n", NULL },
    { "gfx1030 a  b", NULL },
    { "sienna_cichlid", "line 1: \"sienna_cichlid\" is not a gfx target, such as gfx90a" },
    { "\ngfx1030", "line 2: \"gfx1030\" has no firmware" },
    { "gfx1030 a\ngfx1030 b", "line 2: \"gfx1030\" is not new: an earlier line has it" },
};

START_TEST(parses)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuFirmware) table = aqr_gpu_firmware_parse(tables[_i].text, &error);

    ck_assert_pstr_eq(error == NULL ? NULL : error->message, tables[_i].why);
    ck_assert((table == NULL) == (tables[_i].why != NULL));
    if (error != NULL)
        ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, knows_the_shipped, 0, G_N_ELEMENTS(known));
    tcase_add_test(tcase, has_all_targets);
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(tables));
}
