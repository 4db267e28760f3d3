/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/child.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check-main.h"

static char *
run(const char *script, gint64 timeout, GError **error)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    AqrPatience patience = aqr_patience(timeout, NULL);

    return aqr_child_run(argv, AQR_ERROR_IMAGE, "do it", &patience, error);
}

START_TEST(gives_output)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *output = run("echo words", 0, &error);

    ck_assert_no_error(error);
    ck_assert_pstr_eq(output, "words\n");
}
END_TEST

START_TEST(tells_why)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(run("echo out; echo no >&2; exit 3", 0, &error));
    ck_assert_str_eq(error->message, "cannot do it: no");
    ck_assert_error(error, AQR_ERROR_IMAGE);
}
END_TEST

/* Also what it has started, which holds its stdout: the test's time-out ends a wait
 * for either. */
START_TEST(ends_with_all_that_it_started)
{
    g_autofree char *dir = g_dir_make_tmp("aqr-child-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(dir, "pid", NULL);
    g_autofree char *script = g_strdup_printf("sleep 1000 & echo $! >%s; wait", file);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    pid_t pid;

    ck_assert_ptr_null(run(script, G_TIME_SPAN_SECOND, &error));
    ck_assert_error(error, AQR_ERROR_GUEST);
    ck_assert(g_file_get_contents(file, &text, NULL, NULL));
    pid = atoi(text);
    ck_assert_int_gt(pid, 1);
    for (;;) { /* whoever adopted it may take a while to reap it */
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
        g_autofree char *stat = NULL;

        if (!g_file_get_contents(path, &stat, NULL, NULL) || strstr(stat, ") Z ") != NULL)
            break;
        sched_yield();
    }
    ck_assert_int_eq(remove(file), 0);
    ck_assert_int_eq(remove(dir), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, gives_output);
    tcase_add_test(tcase, tells_why);
    tcase_add_test(tcase, ends_with_all_that_it_started);
}
