/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/warm-report.h"

#include <string.h>

#include "support/check-main.h"

#define NOW 1700000000
#define KEY "0123456789abcdef0123456789abcdef"

static GPtrArray *
one(const AqrWarmEntry *entry)
{
    GPtrArray *entries = g_ptr_array_new();

    g_ptr_array_add(entries, (gpointer)entry);
    return entries;
}

static const struct {
    AqrWarmEntry entry;
    const char *row;
} rows[] = {
    { { (char *)KEY, (char *)"/a b", 1, NOW - 7300, NOW, "ready" },
      KEY "  ready            1      2 h      0 s  /a b\n" },
    { { (char *)KEY, (char *)"/\033[2J\nx", 1048577, NOW - 119, NOW - 120, "in use" },
      KEY "  in use           2    119 s    2 min  /[2J x\n" },
    { { (char *)KEY, NULL, 0, 0, NOW + 5, "being made" },
      KEY "  being made       0        -      0 s  -\n" },
    { { (char *)KEY, (char *)"/a", (guint64)1 << 40, NOW - 3 * 86400, NOW - 86400, "damaged" },
      KEY "  damaged     1048576      3 d     24 h  /a\n" },
};

START_TEST(is_a_row)
{
    g_autoptr(GPtrArray) entries = one(&rows[_i].entry);
    g_autofree char *table = aqr_warm_report_table(entries, NOW);

    ck_assert_str_eq(strchr(table, '\n') + 1, rows[_i].row);
}
END_TEST

START_TEST(has_a_head)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autofree char *table = aqr_warm_report_table(none, NOW);

    ck_assert_str_eq(table, "KEY                               STATE          MIB      AGE   UNUSED"
                            "  IMAGE\n");
}
END_TEST

START_TEST(is_json)
{
    AqrWarmEntry entry = { (char *)KEY, NULL, 5, 0, 7, "being made" };
    g_autoptr(GPtrArray) entries = one(&entry), none = g_ptr_array_new();
    g_autofree char *json = aqr_warm_report_json(entries), *empty = aqr_warm_report_json(none);

    ck_assert_str_eq(json, "{\n  \"saved\" : [\n    {\n      \"key\" : \"" KEY "\",\n"
                           "      \"state\" : \"being made\",\n      \"image\" : null,\n"
                           "      \"bytes\" : 5,\n      \"made\" : 0,\n      \"used\" : 7\n"
                           "    }\n  ]\n}\n");
    ck_assert_str_eq(empty, "{\n  \"saved\" : []\n}\n");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, is_a_row, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, has_a_head);
    tcase_add_test(tcase, is_json);
}
