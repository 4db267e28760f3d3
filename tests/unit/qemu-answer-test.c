/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/qemu-answer.h"

#include "base/error.h"

#include "support/check-main.h"

static const struct {
    const char *answer;
    const char *error; /* NULL: it is a good one */
} answers[] = {
    { "{\"return\":{},\"id\":\"libvirt-412\"}", NULL },
    { "{\"return\":[]}", NULL },
    { "{\"id\":\"libvirt-4\",\"error\":{\"class\":\"GenericError\",\"desc\":\"no such fd\"}}",
      "QEMU says \"no such fd\"" },
    { "{\"error\":{\"class\":\"GenericError\"}}",
      "QEMU says \"{\"error\":{\"class\":\"GenericError\"}}\"" },
    { "{\"error\":7}", "QEMU says \"{\"error\":7}\"" },
    { "{}", "QEMU says \"{}\"" },
    { "[]", "QEMU says \"[]\"" },
    { "{", "QEMU says \"{\"" },
    { "", "QEMU says \"\"" },
};

START_TEST(judges)
{
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(aqr_qemu_answer_check(answers[_i].answer, &error), answers[_i].error == NULL);
    if (answers[_i].error == NULL)
        return;
    ck_assert_str_eq(error->message, answers[_i].error);
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

static const struct {
    const char *answer;
    const char *status, *why;
} migrations[] = {
    { "{\"return\":{\"status\":\"completed\",\"total-time\":4}}", "completed", NULL },
    { "{\"return\":{\"status\":\"failed\",\"error-desc\":\"no room\"}}", "failed", "no room" },
    { "{\"return\":{\"status\":\"failed\",\"error-desc\":9}}", "failed", NULL },
    { "{\"return\":{}}", NULL, NULL },
    { "{\"return\":{\"status\":3}}", NULL, NULL },
    { "{\"return\":[]}", NULL, NULL },
    { "{\"error\":{\"desc\":\"status\"}}", NULL, NULL },
    { "nonsense", NULL, NULL },
};

START_TEST(reads_migration)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *why = NULL;
    g_autofree char *status = aqr_qemu_answer_migration(migrations[_i].answer, &why, &error);

    ck_assert_pstr_eq(status, migrations[_i].status);
    ck_assert_pstr_eq(why, migrations[_i].why);
    if (status == NULL)
        ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, judges, 0, G_N_ELEMENTS(answers));
    tcase_add_loop_test(tcase, reads_migration, 0, G_N_ELEMENTS(migrations));
}
