/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

#include <gio/gio.h>

#include "support/check-main.h"

static const struct {
    int code;
    int status;
} statuses[] = {
    { AQR_ERROR_USAGE, 2 },
    { AQR_ERROR_HOST, 16 },
    { AQR_ERROR_GPU, 16 },
    { AQR_ERROR_IMAGE, 16 },
    { AQR_ERROR_GUEST, 12 },
    { AQR_ERROR_PROTOCOL, 12 },
    { AQR_ERROR_STOPPED, 12 },
    { AQR_ERROR_STOPPED + 1, 16 }, /* not in the table */
    { -1, 16 },
};

START_TEST(has_status)
{
    g_autoptr(GError) error = g_error_new_literal(AQR_ERROR, statuses[_i].code, "it broke");

    ck_assert_int_eq(aqr_error_exit_status(error), statuses[_i].status);
}
END_TEST

START_TEST(foreign_is_unexpected)
{
    g_autoptr(GError) error = g_error_new_literal(G_IO_ERROR, AQR_ERROR_USAGE, "it broke");

    ck_assert_int_eq(aqr_error_exit_status(error), 16);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, has_status, 0, G_N_ELEMENTS(statuses));
    tcase_add_test(tcase, foreign_is_unexpected);
}
