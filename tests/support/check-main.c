/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/check-main.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>

int
main(G_GNUC_UNUSED int argc, char **argv)
{
    g_autofree char *name = g_path_get_basename(argv[0]);
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int n_failed;

    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    tcase_set_timeout(tcase, 30);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    n_failed = srunner_ntests_failed(runner);
    if (srunner_ntests_run(runner) == 0)
        n_failed = 1; /* rows that were not found are no success */
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
