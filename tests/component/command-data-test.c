/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a command reads and writes, from host/guest-command through a unix socket to
 * the agent and back, as autopkgtest's execute command needs it. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "agent-link.h"
#include "support/check-main.h"

/* --- its data -------------------------------------------------------------------- */

#define MUCH (3u << 20)

static guint8 *
make_much(void)
{
    guint8 *bytes = g_malloc(MUCH);
    guint32 state = 1;

    for (gsize i = 0; i < MUCH; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (guint8)(state >> 24);
    }
    return bytes;
}

START_TEST(carries_binary)
{
    static const char *const cats[][4] = {
        { "cat" },
        { "sh", "-c", "cat >&2" },
    };
    g_autofree guint8 *much = make_much();
    g_autoptr(GBytes) output = NULL;
    Job job;

    run(&job, agent, cats[_i], much, MUCH);
    ck_assert_int_eq(job.status, 0);
    output = job_output(&job, 1 + _i);
    ck_assert_uint_eq(g_bytes_get_size(output), MUCH);
    ck_assert(memcmp(g_bytes_get_data(output, NULL), much, MUCH) == 0);
    ck_assert_output(&job, 2 - _i, "");
    job_clear(&job);
}
END_TEST

START_TEST(keeps_stderr_apart)
{
    const char *const argv[] = { "sh", "-c", "echo out; echo err >&2; echo out2; echo err2 >&2",
                                 NULL };
    Job job;

    run(&job, agent, argv, NULL, 0);
    ck_assert_output(&job, 1, "out\nout2\n");
    ck_assert_output(&job, 2, "err\nerr2\n");
    job_clear(&job);
}
END_TEST

/* The race between a command's output and its end is run many times. */
START_TEST(loses_no_output)
{
    for (int i = 0; i < 200; i++) {
        g_autofree char *output = NULL;

        ck_assert_int_eq(run_script(agent, "printf 'the last words'; exit 9", &output), 9);
        ck_assert_str_eq(output, "the last words");
    }
}
END_TEST

START_TEST(loses_no_long_output)
{
    for (int i = 0; i < 10; i++) {
        g_autofree char *output = NULL;

        ck_assert_int_eq(
            run_script(agent, "head -c 700000 /dev/zero | tr '\\0' x; printf end", &output), 0);
        ck_assert_uint_eq(strlen(output), 700003);
        ck_assert_str_eq(output + 700000, "end");
    }
}
END_TEST

START_TEST(has_no_input)
{
    const char *const argv[] = { "cat", NULL };
    Job job;

    job_init(&job, NULL, 0);
    close(job.fds[0]);
    job.fds[0] = -1;
    job_start(&job, agent, argv, FALSE);
    job_wait(&job);
    ck_assert_int_eq(job.status, 0);
    job_clear(&job);
}
END_TEST

/* A command that never reads its stdin still ends, and so does one that stops. */
static const char *const lazy[] = { "true", "exec <&-; sleep 0.3", "head -c 10 >/dev/null" };

START_TEST(need_not_read_input)
{
    g_autofree guint8 *much = make_much();
    const char *const argv[] = { "sh", "-c", lazy[_i], NULL };
    Job job;

    run(&job, agent, argv, much, MUCH);
    ck_assert_int_eq(job.status, 0);
    job_clear(&job);
}
END_TEST

/* stdin ends, the rest goes on. */
START_TEST(closes_halves)
{
    const char *const argv[] = { "sh", "-c", "cat; echo behind; exec >&-; sleep 0.2; echo err >&2",
                                 NULL };
    Job job;

    run(&job, agent, argv, "input\n", 6);
    ck_assert_int_eq(job.status, 0);
    ck_assert_output(&job, 1, "input\nbehind\n");
    ck_assert_output(&job, 2, "err\n");
    job_clear(&job);
}
END_TEST

/* A pipe as the command's fd @n: our end. */
static int
give_pipe(Job *job, int n)
{
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    close(job->fds[n]);
    job->fds[n] = ends[n == 0 ? 0 : 1];
    return ends[n == 0 ? 1 : 0];
}

static void
close_theirs(Job *job, int n)
{
    close(job->fds[n]);
    job->fds[n] = -1;
}

typedef struct {
    int fd;
    GString *text;
    const char *wanted;
} Reader;

static gboolean
has_read(gpointer data)
{
    Reader *reader = data;
    char bytes[4096];
    ssize_t got = read(reader->fd, bytes, sizeof bytes);

    if (got > 0)
        g_string_append_len(reader->text, bytes, got);
    return strstr(reader->text->str, reader->wanted) != NULL;
}

/* A conversation: each answer must come before the next question. */
START_TEST(talks)
{
    const char *const argv[] = { "sh", "-c", "while read x; do echo \"<$x>\"; done", NULL };
    g_autoptr(GString) text = g_string_new(NULL);
    int to, from;
    Job job;

    job_init(&job, NULL, 0);
    to = give_pipe(&job, 0);
    from = give_pipe(&job, 1);
    fcntl(from, F_SETFL, O_NONBLOCK);
    job_start(&job, agent, argv, FALSE);
    close_theirs(&job, 0);
    close_theirs(&job, 1);
    for (int i = 0; i < 50; i++) {
        g_autofree char *question = g_strdup_printf("question %d\n", i);
        g_autofree char *answer = g_strdup_printf("<question %d>\n", i);

        ck_assert_int_eq(write(to, question, strlen(question)), (ssize_t)strlen(question));
        wait_until(has_read, &(Reader){ from, text, answer });
    }
    close(to);
    job_wait(&job);
    ck_assert_int_eq(job.status, 0);
    close(from);
    job_clear(&job);
}
END_TEST

/* --- several at once ---------------------------------------------------------------- */

#define MANY 20

START_TEST(runs_many_at_once)
{
    gint64 since = g_get_monotonic_time();
    Job jobs[MANY];

    for (int i = 0; i < MANY; i++) {
        g_autofree char *script = g_strdup_printf("cat; sleep 1; echo %d; exit %d", i, i);
        const char *const argv[] = { "sh", "-c", script, NULL };

        job_init(&jobs[i], "input", 5);
        job_start(&jobs[i], agent, argv, FALSE);
    }
    for (int i = 0; i < MANY; i++) {
        g_autofree char *wanted = g_strdup_printf("input%d\n", i);

        job_wait(&jobs[i]);
        ck_assert_int_eq(jobs[i].status, i);
        ck_assert_output(&jobs[i], 1, wanted);
        job_clear(&jobs[i]);
    }
    ck_assert_int_lt(g_get_monotonic_time() - since, 10 * G_TIME_SPAN_SECOND);
}
END_TEST

/* Starts a command whose stdout is a pipe; our end of it. */
static int
start_into_pipe(Job *job, const char *script)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    int from;

    job_init(job, NULL, 0);
    from = give_pipe(job, 1);
    job_start(job, agent, argv, FALSE);
    close_theirs(job, 1);
    return from;
}

START_TEST(does_not_block_others)
{
    g_autofree char *output = NULL;
    Job job;
    int from = start_into_pipe(&job, "exec cat /dev/zero");

    attend_for(300); /* by now it has used up its credit */
    ck_assert_int_eq(run_script(agent, "head -c 2000000 /dev/zero | tr '\\0' x", &output), 0);
    ck_assert_uint_eq(strlen(output), 2000000);
    ck_assert(!job.ended);
    job_kill(&job);
    close(from);
    job_clear(&job);
}
END_TEST

/* A file of as many bytes as the command has written blocks of 64 KiB. */
static gsize
count_blocks(const char *path)
{
    g_autofree char *text = NULL;
    gsize length = 0;

    g_file_get_contents(path, &text, &length, NULL);
    return length;
}

#define WIDE_PIPE (1u << 20) /* the agent's, for a command that has much to say */

/* What nobody reads is not hoarded: the command waits, as on any pipe, once the
 * window and the pipe are full; two blocks more may be in hands. */
START_TEST(holds_back_what_nobody_reads)
{
    g_autofree char *path = g_build_filename(agent->dir, "blocks", NULL);
    g_autofree char *script =
        g_strdup_printf("while :; do head -c 65536 /dev/zero; printf x >>%s; done", path);
    Job job;
    int from = start_into_pipe(&job, script);

    attend_for(1000);
    ck_assert_uint_ge(count_blocks(path), AQR_WIRE_WINDOW / 65536);
    ck_assert_uint_le(count_blocks(path), (AQR_WIRE_WINDOW + WIDE_PIPE) / 65536 + 2);
    job_kill(&job);
    close(from);
    job_clear(&job);
}
END_TEST

/* Less than a window waits here, more waits in the guest too. */
static const gsize late_sizes[] = { 1, 65536, 300000, 580000, 2000000, 5000000 };

START_TEST(reads_late)
{
    g_autofree char *script =
        g_strdup_printf("head -c %" G_GSIZE_FORMAT " /dev/zero", late_sizes[_i]);
    g_autofree char *bytes = g_malloc(65536);
    gsize total = 0;
    ssize_t got;
    Job job;
    int from = start_into_pipe(&job, script);

    attend_for(300);
    fcntl(from, F_SETFL, O_NONBLOCK);
    while ((got = read(from, bytes, 65536)) != 0) {
        total += (gsize)MAX(got, 0);
        attend_for(1);
    }
    ck_assert_uint_eq(total, late_sizes[_i]);
    job_wait(&job);
    ck_assert_int_eq(job.status, 0);
    close(from);
    job_clear(&job);
}
END_TEST

/* Its reader goes: the command is told, as by any pipe. */
START_TEST(dies_of_sigpipe)
{
    Job job;
    int from = start_into_pipe(&job, "exec cat /dev/zero");

    attend_for(100);
    close(from);
    job_wait(&job);
    ck_assert_int_eq(job.status, 128 + SIGPIPE);
    job_clear(&job);
}
END_TEST

/* The command has ended already, and what it left behind is more than its
 * reader ever takes. */
START_TEST(ends_although_nobody_reads_the_rest)
{
    Job job;
    int from = start_into_pipe(&job, "head -c 580000 /dev/zero");

    attend_for(1000);
    ck_assert(!job.ended);
    close(from);
    job_wait(&job);
    ck_assert_int_eq(job.status, 0);
    job_clear(&job);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, carries_binary, 0, 2);
    tcase_add_test(tcase, keeps_stderr_apart);
    tcase_add_test(tcase, loses_no_output);
    tcase_add_test(tcase, loses_no_long_output);
    tcase_add_test(tcase, has_no_input);
    tcase_add_loop_test(tcase, need_not_read_input, 0, G_N_ELEMENTS(lazy));
    tcase_add_test(tcase, closes_halves);
    tcase_add_test(tcase, talks);
    tcase_add_test(tcase, runs_many_at_once);
    tcase_add_test(tcase, does_not_block_others);
    tcase_add_test(tcase, holds_back_what_nobody_reads);
    tcase_add_loop_test(tcase, reads_late, 0, G_N_ELEMENTS(late_sizes));
    tcase_add_test(tcase, dies_of_sigpipe);
    tcase_add_test(tcase, ends_although_nobody_reads_the_rest);
}
