/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/version.h"

#include "support/check-main.h"

static const struct {
    const char *text;
    guint major, minor;
    gboolean at_least;
} rows[] = {
    { "6.12.107+deb13-amd64", 6, 5, TRUE },
    { "6.5.0", 6, 5, TRUE },
    { "6.1.0-21-amd64", 6, 5, FALSE },
    { "7.0", 6, 5, TRUE },
    { "5.19", 6, 5, FALSE },
    { "QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)", 8, 1, TRUE },
    { "QEMU emulator version 7.2.22", 8, 1, FALSE },
    { "QEMU emulator version 8.0.5", 8, 1, FALSE },
    { "version 8", 8, 1, FALSE },
    { "", 0, 0, FALSE },
    { NULL, 0, 0, FALSE },
};

START_TEST(compares)
{
    ck_assert_int_eq(aqr_version_is_at_least(rows[_i].text, rows[_i].major, rows[_i].minor),
                     rows[_i].at_least);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, compares, 0, G_N_ELEMENTS(rows));
}
