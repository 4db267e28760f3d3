/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/check-main.h"

#define MUCH (1u << 20) /* more than any pipe or socket holds */

static int fds[2]; /* to read, to write */
static AqrSink *sink;
static gsize gone;
static gboolean broken;
static guint8 *much;

static void
count(gsize length, gboolean is_broken, G_GNUC_UNUSED gpointer data)
{
    gone += length;
    broken = broken || is_broken;
}

/* The ends a sink meets: what is opened again, and what cannot be. */
typedef enum { PIPE, BLOCKING_PIPE, SOCKET, N_ENDS } End;

static void
open_ends(int end)
{
    int ends[2];

    if (end == SOCKET) {
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    } else {
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    }
    fds[0] = ends[0];
    fds[1] = end == PIPE ? aqr_sink_open_fd(ends[1], O_WRONLY) : ends[1];
    if (end == PIPE)
        close(ends[1]);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    sink = aqr_sink_new(fds[1], count, NULL);
}

static void
set_up(void)
{
    much = g_malloc(MUCH);
    for (gsize i = 0; i < MUCH; i++)
        much[i] = (guint8)(i * 7 + i / 251);
}

static void
attend(void)
{
    for (int i = 0; i < 100 && g_main_context_iteration(NULL, FALSE); i++)
        ;
}

/* Reads until @length bytes are there; the sink is attended to meanwhile. */
static void
read_all(guint8 *bytes, gsize length)
{
    gsize got = 0;

    while (got < length) {
        ssize_t n = read(fds[0], bytes + got, length - got);

        ck_assert(n > 0 || (n < 0 && errno == EAGAIN));
        got += (gsize)MAX(n, 0);
        attend();
    }
}

START_TEST(never_blocks)
{
    open_ends(_i);
    aqr_sink_write(sink, much, MUCH);
    attend();
    ck_assert_uint_lt(gone, MUCH);
    ck_assert(!aqr_sink_is_empty(sink));
    ck_assert(!broken);
    aqr_sink_free(sink);
}
END_TEST

/* What cannot be made non-blocking may be full already. */
START_TEST(never_blocks_on_full)
{
    int flags;

    open_ends(_i);
    flags = fcntl(fds[1], F_GETFL);
    fcntl(fds[1], F_SETFL, flags | O_NONBLOCK);
    while (write(fds[1], much, 4096) > 0)
        ;
    fcntl(fds[1], F_SETFL, flags);
    aqr_sink_write(sink, "words", 5);
    attend();
    ck_assert_uint_eq(gone, 0);
    aqr_sink_free(sink);
}
END_TEST

/* Room comes free, but what waits goes first. */
START_TEST(does_not_overtake)
{
    g_autofree guint8 *arrived = g_malloc(MUCH);
    ssize_t before;

    open_ends(_i);
    aqr_sink_write(sink, much, MUCH / 2);
    attend();
    before = read(fds[0], arrived, MUCH / 4);
    ck_assert_int_gt(before, 0);
    aqr_sink_write(sink, much + MUCH / 2, MUCH / 2);
    read_all(arrived + before, MUCH - (gsize)before);
    ck_assert(memcmp(arrived, much, MUCH) == 0);
    aqr_sink_free(sink);
}
END_TEST

START_TEST(arrives_in_order)
{
    g_autofree guint8 *arrived = g_malloc(MUCH);

    open_ends(_i);
    for (gsize i = 0; i < MUCH; i += MUCH / 64)
        aqr_sink_write(sink, much + i, MUCH / 64);
    read_all(arrived, MUCH);
    attend();
    ck_assert(memcmp(arrived, much, MUCH) == 0);
    ck_assert_uint_eq(gone, MUCH);
    ck_assert(aqr_sink_is_empty(sink));
    ck_assert(!broken);
    aqr_sink_free(sink);
    ck_assert_int_eq(read(fds[0], arrived, 1), 0); /* it has closed its end */
}
END_TEST

/* Nobody reads: all is gone, what waited too, and what comes later. */
START_TEST(breaks)
{
    open_ends(_i);
    aqr_sink_write(sink, much, MUCH);
    close(fds[0]);
    attend();
    ck_assert(broken);
    ck_assert_uint_eq(gone, MUCH);
    ck_assert(aqr_sink_is_empty(sink));
    aqr_sink_write(sink, much, 10);
    attend();
    ck_assert_uint_eq(gone, MUCH + 10);
    ck_assert(aqr_sink_is_empty(sink));
    aqr_sink_free(sink);
}
END_TEST

START_TEST(clears)
{
    guint8 text[5];
    gsize before;

    open_ends(_i);
    aqr_sink_write(sink, much, MUCH);
    attend();
    before = gone;
    aqr_sink_clear(sink);
    ck_assert(aqr_sink_is_empty(sink));
    attend();
    ck_assert_uint_eq(gone, before);
    read_all(much, before);
    aqr_sink_write(sink, "after", 5);
    read_all(text, 5);
    ck_assert_mem_eq(text, "after", 5);
    aqr_sink_free(sink);
}
END_TEST

START_TEST(writes_file)
{
    int file = memfd_create("sink-test", MFD_CLOEXEC);
    int other = aqr_sink_open_fd(file, O_WRONLY);
    char text[6] = "";

    sink = aqr_sink_new(other, count, NULL);
    aqr_sink_write(sink, "words", 5);
    attend();
    ck_assert_uint_eq(gone, 5);
    aqr_sink_free(sink);
    ck_assert_int_eq(pread(file, text, 5, 0), 5);
    ck_assert_str_eq(text, "words");
}
END_TEST

START_TEST(notices_full_disk)
{
    sink = aqr_sink_new(open("/dev/full", O_WRONLY | O_CLOEXEC), count, NULL);
    aqr_sink_write(sink, "words", 5);
    attend();
    ck_assert(broken);
    ck_assert_uint_eq(gone, 5);
    aqr_sink_free(sink);
}
END_TEST

static void
free_it(gsize length, G_GNUC_UNUSED gboolean is_broken, G_GNUC_UNUSED gpointer data)
{
    gone += length;
    g_clear_pointer(&sink, aqr_sink_free);
}

START_TEST(may_be_freed_when_gone)
{
    open_ends(_i);
    aqr_sink_free(sink);
    open_ends(_i);
    aqr_sink_free(sink);
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    sink = aqr_sink_new(fds[1], free_it, NULL);
    aqr_sink_write(sink, "words", 5);
    attend();
    ck_assert_uint_eq(gone, 5);
    ck_assert_ptr_null(sink);
    aqr_sink_free(NULL);
}
END_TEST

/* --- aqr_sink_open_fd() --------------------------------------------------- */

START_TEST(leaves_others_flags)
{
    int ends[2], again;

    ck_assert_int_eq(_i == 0 ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    again = aqr_sink_open_fd(ends[1], O_WRONLY);
    ck_assert_int_ge(again, 0);
    ck_assert_int_ne(again, ends[1]);
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq((fcntl(again, F_GETFL) & O_NONBLOCK) != 0, _i == 0);
    ck_assert_int_ne(fcntl(again, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert_int_eq(write(again, "x", 1), 1);
}
END_TEST

START_TEST(opens_nothing)
{
    ck_assert_int_eq(aqr_sink_open_fd(999, O_WRONLY), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_loop_test(tcase, never_blocks, 0, N_ENDS);
    tcase_add_loop_test(tcase, never_blocks_on_full, 0, N_ENDS);
    tcase_add_loop_test(tcase, does_not_overtake, 0, N_ENDS);
    tcase_add_loop_test(tcase, arrives_in_order, 0, N_ENDS);
    tcase_add_loop_test(tcase, breaks, 0, N_ENDS);
    tcase_add_loop_test(tcase, clears, 0, N_ENDS);
    tcase_add_test(tcase, writes_file);
    tcase_add_test(tcase, notices_full_disk);
    tcase_add_loop_test(tcase, may_be_freed_when_gone, 0, N_ENDS);
    tcase_add_loop_test(tcase, leaves_others_flags, 0, 2);
    tcase_add_test(tcase, opens_nothing);
}
