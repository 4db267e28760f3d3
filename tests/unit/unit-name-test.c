/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/unit-name.h"

#include "support/check-main.h"

/* What systemd-escape(1) of 252 says to each. */
static const struct {
    const char *text;
    const char *name;
} names[] = {
    { "amd64+gfx1030_1", "amd64\\x2bgfx1030_1" },
    { "1", "1" },
    { "lxc_1", "lxc_1" },
    { "a:b.c_D9", "a:b.c_D9" },
    { "qemu-rocm", "qemu\\x2drocm" },
    { "a/b", "a-b" },
    { "/", "-" },
    { "a\\b", "a\\x5cb" },
    { ".a.", "\\x2ea." },
    { "a b@c%d", "a\\x20b\\x40c\\x25d" },
    { "\xc3\xa4", "\\xc3\\xa4" },
    { "", "" },
};

START_TEST(escapes)
{
    g_autofree char *name = aqr_unit_name_escape(names[_i].text);

    ck_assert_str_eq(name, names[_i].name);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, escapes, 0, G_N_ELEMENTS(names));
}
