/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/capped-log.h"

#include <string.h>

#include "support/check-main.h"

#define HEAD 4
#define TAIL 3
#define LEFT_OUT(n) "\n[... " n " bytes are left out here ...]\n"

static const struct {
    const char *added[5];
    const char *head, *rest;
} rows[] = {
    { { NULL }, "", "" },
    { { "", "ab" }, "ab", "" },
    { { "abcd" }, "abcd", "" },
    { { "abc", "de" }, "abcd", "e" },
    { { "abcd", "efg" }, "abcd", "efg" },
    { { "abcdefg", "h" }, "abcd", LEFT_OUT("1") "fgh" },
    { { "abcd", "efg", "hij", "klm" }, "abcd", LEFT_OUT("6") "klm" },
    { { "abcdefghijklmnopq" }, "abcd", LEFT_OUT("10") "opq" },
    { { "abcdefghijklmnopq", "r", "stu", "vwxyz" }, "abcd", LEFT_OUT("19") "xyz" },
};

START_TEST(keeps_both_ends)
{
    g_autoptr(AqrCappedLog) log = aqr_capped_log_new(HEAD, TAIL);
    g_autoptr(GString) head = g_string_new(NULL);
    g_autoptr(GString) rest = NULL;

    for (const char *const *part = rows[_i].added; *part != NULL; part++)
        g_string_append_len(head, *part, (gssize)aqr_capped_log_add(log, *part, strlen(*part)));
    rest = aqr_capped_log_rest(log);
    ck_assert_str_eq(head->str, rows[_i].head);
    ck_assert_str_eq(rest->str, rows[_i].rest);
}
END_TEST

/* To look at it changes nothing. */
START_TEST(goes_on)
{
    g_autoptr(AqrCappedLog) log = aqr_capped_log_new(0, TAIL);
    g_autoptr(GString) first = NULL;
    g_autoptr(GString) second = NULL;

    ck_assert_uint_eq(aqr_capped_log_add(log, "a\0bcd", 5), 0);
    first = aqr_capped_log_rest(log);
    ck_assert_str_eq(first->str, LEFT_OUT("2") "bcd");
    ck_assert_uint_eq(aqr_capped_log_add(log, "e", 1), 0);
    second = aqr_capped_log_rest(log);
    ck_assert_str_eq(second->str, LEFT_OUT("3") "cde");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, keeps_both_ends, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, goes_on);
}
