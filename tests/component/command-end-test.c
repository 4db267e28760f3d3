/* SPDX-License-Identifier: GPL-2.0-or-later */

/* How a command starts and ends, from host/guest-command through a unix socket to
 * the agent and back, as autopkgtest's execute command needs it. */
#include <signal.h>
#include <string.h>

#include "agent-link.h"
#include "support/check-main.h"

/* --- how it ends ----------------------------------------------------------- */

START_TEST(ends_with_status)
{
    for (int status = 0; status <= 255; status++) {
        g_autofree char *script = g_strdup_printf("exit %d", status);

        ck_assert_int_eq(run_script(agent, script, NULL), status);
    }
}
END_TEST

static const int fatal[] = { SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM };

START_TEST(ends_with_signal)
{
    g_autofree char *script = g_strdup_printf("ulimit -c 0; kill -%d $$", fatal[_i]);

    ck_assert_int_eq(run_script(agent, script, NULL), 128 + fatal[_i]);
}
END_TEST

static const struct {
    const char *name;
    int status;
} unstartable[] = {
    { "no-such-command", 127 }, { "/no/such/command", 127 }, { "", 127 }, { "/", 126 },
    { "/etc/passwd", 126 },     { "/etc/passwd/x", 126 },
};

START_TEST(cannot_start)
{
    const char *const argv[] = { unstartable[_i].name, "argument", NULL };
    g_autofree char *start = g_strconcat(unstartable[_i].name, ": ", NULL);
    g_autoptr(GBytes) said = NULL;
    Job job;

    run(&job, agent, argv, NULL, 0);
    ck_assert_int_eq(job.status, unstartable[_i].status);
    said = job_output(&job, 2);
    ck_assert_uint_gt(g_bytes_get_size(said), strlen(start));
    ck_assert(memcmp(g_bytes_get_data(said, NULL), start, strlen(start)) == 0);
    ck_assert_output(&job, 1, "");
    job_clear(&job);
}
END_TEST

START_TEST(runs_script_without_interpreter)
{
    g_autofree char *make =
        g_strdup_printf("printf 'echo \"$#\" \"$2\"; exit 7\\n' >%s/script; chmod 700 %s/script",
                        agent->dir, agent->dir);
    g_autofree char *script = g_build_filename(agent->dir, "script", NULL);
    const char *const argv[] = { script, "a", "b c", NULL };
    Job job;

    ck_assert_int_eq(run_script(agent, make, NULL), 0);
    run(&job, agent, argv, NULL, 0);
    ck_assert_int_eq(job.status, 7);
    ck_assert_output(&job, 1, "2 b c\n");
    job_clear(&job);
}
END_TEST

/* autopkgtest-reboot-prepare, and tests that leave a daemon behind. */
START_TEST(is_not_held_by_background)
{
    gint64 since = g_get_monotonic_time();
    g_autofree char *output = NULL;

    ck_assert_int_eq(run_script(agent, "(sleep 20; echo late) & echo now; exit 3", &output), 3);
    ck_assert_str_eq(output, "now\n");
    ck_assert_int_lt(g_get_monotonic_time() - since, 10 * G_TIME_SPAN_SECOND);
}
END_TEST

/* What goes on writing must not die of SIGPIPE either. */
START_TEST(lets_background_write)
{
    g_autofree char *script =
        g_strdup_printf("(i=0; while [ $i -lt 10000 ]; do echo some more text; i=$((i+1)); done; "
                        "echo survived >%s/survived) & exit 0",
                        agent->dir);
    g_autofree char *path = g_build_filename(agent->dir, "survived", NULL);

    ck_assert_int_eq(run_script(agent, script, NULL), 0);
    for (int i = 0; i < 100 && !g_file_test(path, G_FILE_TEST_EXISTS); i++)
        attend_for(50);
    ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

/* --- how it starts --------------------------------------------------------- */

/* Nothing of the agent's own: its blocked and ignored signals, its fds, its
 * session. */
static const struct {
    const char *argv[4];
    const char *says;
} inherited[] = {
    /* Signals 1 to 28; posix_spawn() of glibc ignores two of its own, 32 and 33. */
    { { "sed", "-En", "s/^(Sig(Blk|Ign)):.*(.{7})$/\\1 \\3/p", "/proc/self/status" },
      "SigBlk 0000000\nSigIgn 0000000\n" },
    { { "ls", "/proc/self/fd" }, "0\n1\n2\n3\n" }, /* 3 is ls's own */
    { { "sh", "-c",
        "read -r _ _ _ _ group session _ </proc/$$/stat; "
        "[ $$ = $group ] && [ $$ = $session ] && echo yes" },
      "yes\n" },
};

START_TEST(inherits_nothing)
{
    const char *argv[G_N_ELEMENTS(inherited[0].argv) + 1] = { NULL };
    Job job;

    memcpy(argv, inherited[_i].argv, sizeof inherited[_i].argv);
    run(&job, agent, argv, NULL, 0);
    ck_assert_output(&job, 1, inherited[_i].says);
    job_clear(&job);
}
END_TEST

/* --- its arguments ------------------------------------------------------------ */

static const char *const arguments[] = {
    "",
    " ",
    "two words",
    "'",
    "\"",
    "\\",
    "$HOME `id` $(id)",
    "new\nline\n",
    "\t\r\x01\x7f",
    "-n",
    "*",
    "gr\xc3\xbcn",
    "\xff\xfe", /* not UTF-8 */
    "%s%n",
    "",
};

START_TEST(gets_exact_arguments)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GString) wanted = g_string_new(NULL);
    g_autoptr(GBytes) output = NULL;
    Job job;

    g_ptr_array_add(argv, (gpointer) "printf");
    g_ptr_array_add(argv, (gpointer) "%s\\0");
    for (gsize i = 0; i < G_N_ELEMENTS(arguments); i++) {
        g_ptr_array_add(argv, (gpointer)arguments[i]);
        g_string_append(wanted, arguments[i]);
        g_string_append_c(wanted, '\0');
    }
    g_ptr_array_add(argv, NULL);
    run(&job, agent, (const char *const *)argv->pdata, NULL, 0);
    ck_assert_int_eq(job.status, 0);
    output = job_output(&job, 1);
    ck_assert_uint_eq(g_bytes_get_size(output), wanted->len);
    ck_assert(memcmp(g_bytes_get_data(output, NULL), wanted->str, wanted->len) == 0);
    job_clear(&job);
}
END_TEST

static const gsize sizes[] = { 20000, 100000, 131071 /* MAX_ARG_STRLEN less the NUL */ };

START_TEST(gets_long_argument)
{
    g_autofree char *argument = g_strnfill(sizes[_i], 'x');
    const char *const argv[] = { "printf", "%s", argument, NULL };
    Job job;

    run(&job, agent, argv, NULL, 0);
    ck_assert_int_eq(job.status, 0);
    ck_assert_output(&job, 1, argument);
    job_clear(&job);
}
END_TEST

START_TEST(refuses_too_long_argument)
{
    g_autofree char *argument = g_strnfill(200000, 'x');
    const char *const argv[] = { "printf", "%s", argument, NULL };
    Job job;

    run(&job, agent, argv, NULL, 0);
    ck_assert_int_eq(job.status, 126);
    job_clear(&job);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, ends_with_status);
    tcase_add_loop_test(tcase, ends_with_signal, 0, G_N_ELEMENTS(fatal));
    tcase_add_loop_test(tcase, cannot_start, 0, G_N_ELEMENTS(unstartable));
    tcase_add_test(tcase, runs_script_without_interpreter);
    tcase_add_test(tcase, is_not_held_by_background);
    tcase_add_test(tcase, lets_background_write);
    tcase_add_loop_test(tcase, inherits_nothing, 0, G_N_ELEMENTS(inherited));
    tcase_add_test(tcase, gets_exact_arguments);
    tcase_add_loop_test(tcase, gets_long_argument, 0, G_N_ELEMENTS(sizes));
    tcase_add_test(tcase, refuses_too_long_argument);
}
