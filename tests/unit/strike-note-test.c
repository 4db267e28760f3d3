/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/strike-note.h"

#include <string.h>

#include "support/check-main.h"

static const struct {
    const char *text;
    unsigned count; /* 0: it is none of ours */
    const char *described;
} rows[] = {
    { "1 no render node\n", 1, "1 failure in a row: no render node" },
    { "2 no render node", 2, "2 failures in a row: no render node" },
    { "2  \x1b]0;title\atwo\tlines\nof it\xff\n", 2,
      "2 failures in a row: ]0;titletwo lines of it\xef\xbf\xbd" },
    { "", 0, NULL },
    { "\n", 0, NULL },
    { "no render node\n", 0, NULL },
    { "2", 0, NULL },
    { "2\n", 0, NULL },
    { "0 of them\n", 0, NULL },
    { "-1 of them\n", 0, NULL },
    { " 1 of them\n", 0, NULL },
    { "100 of them\n", 0, NULL },
    { "99999999999999999999999 of them\n", 0, NULL },
};

START_TEST(parses)
{
    g_auto(AqrStrikeNote) note = { 0 };
    g_autofree char *described = NULL;

    aqr_strike_note_parse(rows[_i].text, &note);
    described = aqr_strike_note_describe(&note);
    ck_assert_uint_eq(note.count, rows[_i].count);
    ck_assert_pstr_eq(described, rows[_i].described);
}
END_TEST

START_TEST(is_read_as_it_was_written)
{
    g_autofree char *much = g_strnfill(1000, 'x');
    g_autofree char *reason = g_strconcat("two\nlines ", much, NULL);
    const AqrStrikeNote written = { 2, reason };
    g_autofree char *text = aqr_strike_note_to_string(&written);
    g_auto(AqrStrikeNote) read = { 0 };

    ck_assert_uint_eq(strlen(text), strlen("2 \n") + 400);
    aqr_strike_note_parse(text, &read);
    ck_assert_uint_eq(read.count, 2);
    ck_assert(g_str_has_prefix(read.reason, "two lines xxx"));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, is_read_as_it_was_written);
}
