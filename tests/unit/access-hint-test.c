/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/access-hint.h"

#include "support/check-main.h"

#define SSH "    ssh -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -p "
#define EXEC "    /bin/exec /tmp/aqr-X/exec COMMAND..."

static const struct {
    unsigned port;
    const char *user;
    const char *ways;
} rows[] = {
    { 10022, "user", SSH "10022 user@127.0.0.1\n" EXEC },
    { 10071, NULL, SSH "10071 root@127.0.0.1\n" EXEC },
    { 0, "user", EXEC },
};

START_TEST(tells)
{
    static const char *const exec_argv[] = { "/bin/exec", "/tmp/aqr-X/exec", NULL };
    g_autofree char *hint = aqr_access_hint(rows[_i].port, rows[_i].user, exec_argv);
    g_autofree char *wanted =
        g_strconcat("while it is open, the guest can be reached by\n", rows[_i].ways, NULL);

    ck_assert_str_eq(hint, wanted);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, tells, 0, G_N_ELEMENTS(rows));
}
