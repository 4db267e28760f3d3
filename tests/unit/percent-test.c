/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/percent.h"

#include <string.h>

#include "support/check-main.h"

static const struct {
    const char *text;
    const char *word;
} encoded[] = {
    { "", "" },
    { "/tmp/a_B-9.~x", "/tmp/a_B-9.~x" },
    { "a b", "a%20b" },
    { "a\tb\nc", "a%09b%0Ac" },
    { "%,=+'\"", "%25%2C%3D%2B%27%22" },
    { "{|}[\\]^`@:", "%7B%7C%7D%5B%5C%5D%5E%60%40%3A" },
    { "\xc3\xa9", "%C3%A9" },
    { "\xff\x7f\x01", "%FF%7F%01" }, /* a path need not be UTF-8 */
};

START_TEST(encodes)
{
    g_autofree char *word = aqr_percent_encode(encoded[_i].text);

    ck_assert_str_eq(word, encoded[_i].word);
}
END_TEST

static const struct {
    const char *word;
    const char *text; /* NULL: refused */
} decoded[] = {
    { "", "" },
    { "plain", "plain" },
    { "a%20b", "a b" },
    { "%2f%2F", "//" },
    { "%4a%4A", "JJ" },
    { "a+b", "a+b" }, /* a blank is only in forms */
    { "%25", "%" },
    { "%2541", "%41" }, /* once, not twice */
    { "%%41", "%A" },
    { "%", "%" }, /* what is malformed stays */
    { "%4", "%4" },
    { "%4g", "%4g" },
    { "%g4", "%g4" },
    { "100%", "100%" },
    { "%C3%A9", "\xc3\xa9" },
    { "\xc3\xa9", "\xc3\xa9" },
    { "%F0%9F%90%A7", "\xf0\x9f\x90\xa7" },
    { "%00", NULL },
    { "a%00b", NULL },
    { "%ff", NULL },
    { "%C3", NULL },
    { "\xc3", NULL },
    { "%A9", NULL },
    { "%C0%AF", NULL },       /* overlong "/" */
    { "%ED%A0%80", NULL },    /* a surrogate */
    { "%F4%90%80%80", NULL }, /* behind U+10FFFF */
};

START_TEST(decodes)
{
    g_autofree char *text = aqr_percent_decode(decoded[_i].word);

    ck_assert_pstr_eq(text, decoded[_i].text);
}
END_TEST

START_TEST(comes_back)
{
    const char text[] = { 'a', (char)_i, 'b', '\0' };
    g_autofree char *word = aqr_percent_encode(text);
    g_autofree char *back = aqr_percent_decode(word);

    ck_assert_str_eq(back, text);
    ck_assert_ptr_null(strpbrk(word, " ,\n"));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, encodes, 0, G_N_ELEMENTS(encoded));
    tcase_add_loop_test(tcase, decodes, 0, G_N_ELEMENTS(decoded));
    tcase_add_loop_test(tcase, comes_back, 1, 128);
}
