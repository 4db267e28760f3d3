/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/lease-note.h"

#include <string.h>

#include "support/check-main.h"

START_TEST(comes_back)
{
    AqrLeaseNote note = { 4711, 12345, (char *)"server", (char *)"a \"test\"", 1700000000 };
    g_auto(AqrLeaseNote) back = { 0 };
    g_autofree char *text = aqr_lease_note_to_string(&note);

    ck_assert(g_str_has_suffix(text, "}\n"));
    ck_assert(aqr_lease_note_parse(text, &back));
    ck_assert_int_eq(back.pid, note.pid);
    ck_assert_uint_eq(back.start, note.start);
    ck_assert_str_eq(back.program, note.program);
    ck_assert_str_eq(back.purpose, note.purpose);
    ck_assert_int_eq(back.since, note.since);
}
END_TEST

START_TEST(is_short)
{
    g_autofree char *much = g_strnfill(100000, '"');
    AqrLeaseNote note = { 1, 1, much, much, 1 };
    g_autofree char *text = aqr_lease_note_to_string(&note);

    ck_assert_uint_lt(strlen(text), 4096);
}
END_TEST

static const struct {
    const char *text;
    const char *program; /* NULL: it names nobody */
    gint64 since;
} notes[] = {
    { "{\"pid\":1,\"start\":2,\"program\":\"a\",\"purpose\":\"b\",\"since\":3}", "a", 3 },
    { "{\"pid\":1}", "", 0 },
    { "{\"pid\":1,\"program\":7,\"since\":\"x\"}", "", 0 },
    { "{\"pid\":1,\"program\":\"\\u001b[2J\\nx\",\"since\":-3}", "[2J x", 0 },
    { "{\"pid\":0}", NULL },
    { "{\"pid\":-1}", NULL },
    { "{\"pid\":4294967297}", NULL },
    { "{\"pid\":\"1\"}", NULL },
    { "{\"pid\":1", NULL },
    { "[1]", NULL },
    { "1", NULL },
    { "", NULL },
    { "\xff\xfe", NULL },
};

START_TEST(is_not_trusted)
{
    g_auto(AqrLeaseNote) note = { 0 };

    ck_assert(aqr_lease_note_parse(notes[_i].text, &note) == (notes[_i].program != NULL));
    ck_assert_pstr_eq(note.program, notes[_i].program);
    ck_assert_int_eq(note.since, notes[_i].since);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, comes_back);
    tcase_add_test(tcase, is_short);
    tcase_add_loop_test(tcase, is_not_trusted, 0, G_N_ELEMENTS(notes));
}
