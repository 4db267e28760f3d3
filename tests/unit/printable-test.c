/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/printable.h"

#include "support/check-main.h"

static const struct {
    const char *text, *printable;
} texts[] = {
    { "", "" },
    { "plain words\n\tand more", "plain words\n\tand more" },
    { "gr\xc3\xbcn", "gr\xc3\xbcn" },
    { "\x1b[2Jgone\r\a", "[2Jgone" },
    { "\xc2\x9b"
      "31m",
      "31m" }, /* CSI in one character */
    { "\x9b"
      "31m",
      "\xef\xbf\xbd"
      "31m" },
    { "\x7f\x01", "" },
};

START_TEST(keeps_what_can_be_read)
{
    g_autofree char *printable = aqr_printable(texts[_i].text);

    ck_assert_str_eq(printable, texts[_i].printable);
}
END_TEST

static const struct {
    const char *text, *line;
} lines[] = {
    { "", "" },
    { " one\ntwo\tx\r\n", "one two x" },
    { "123456789 12345", "123456789 123" },
    { "123456789012\xc3\xbc", "123456789012\xef\xbf\xbd" }, /* cut within a character */
};

START_TEST(makes_a_line)
{
    g_autofree char *line = aqr_printable_line(lines[_i].text, 13);

    ck_assert_str_eq(line, lines[_i].line);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, keeps_what_can_be_read, 0, G_N_ELEMENTS(texts));
    tcase_add_loop_test(tcase, makes_a_line, 0, G_N_ELEMENTS(lines));
}
