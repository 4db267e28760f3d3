/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-hold.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "gpu-asker.h"
#include "support/check-main.h"
#include "support/lasting-child.h"

/* Several who want GPUs of one host. */

#define ROUNDS 5

/* --- several at once --------------------------------------------------- */

/* Takes any when @go is closed, tells its address on @tell, and has it till it is killed. */
static void
take_any(int go, int tell)
{
    g_auto(Asker) asker = { 0 };
    g_autofree char *address = NULL;
    AqrGpuHold *hold;
    char byte;

    asker_ask(&asker, "any", 0);
    if (read(go, &byte, 1) != 0)
        _exit(1);
    hold = aqr_gpu_hold_take(&asker.config, NULL);
    if (hold == NULL)
        _exit(2);
    address = asker_address(hold);
    if (write(tell, address, strlen(address)) != (ssize_t)strlen(address))
        _exit(3);
    close(tell);
    while (read(go, &byte, 1) == 0)
        pause();
    _exit(4);
}

typedef struct {
    GPid pid;
    int tell;
} Taker;

static Taker
start_taker(const int *go)
{
    Taker taker;
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    taker.pid = fork();
    if (taker.pid == 0) {
        close(go[1]);
        take_any(go[0], fds[1]);
    }
    close(fds[1]);
    taker.tell = fds[0];
    return taker;
}

/* (transfer full): what it got. */
static char *
read_taker(const Taker *taker)
{
    char text[64] = "";

    ck_assert_int_gt(read(taker->tell, text, sizeof text - 1), 0);
    close(taker->tell);
    return g_strdup(text);
}

START_TEST(two_at_once_get_one_each)
{
    g_autofree char *one = NULL, *other = NULL;
    Taker first, second;
    int go[2];

    ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
    first = start_taker(go);
    second = start_taker(go);
    close(go[1]);
    one = read_taker(&first);
    other = read_taker(&second);
    ck_assert_str_ne(one, other);
    lasting_child_end(first.pid);
    lasting_child_end(second.pid);
    close(go[0]);
    asker_wait_free();
}
END_TEST

/* --- waiting ----------------------------------------------------------- */

/* How often the file @fd watches was opened; an equal event would be dropped, so their
 * closing is told, too. */
static guint
count_opened(int fd)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    guint n = 0;
    ssize_t got;

    while ((got = read(fd, events, sizeof events)) > 0) {
        const struct inotify_event *event = NULL;

        for (char *at = events; at < events + got; at += sizeof *event + event->len) {
            event = (gpointer)at;
            n += (event->mask & IN_OPEN) != 0;
        }
    }
    return n;
}

/* Each look reads the table. One before the watch, one with it, and what a slow machine's
 * alarm adds. */
START_TEST(is_not_woken_by_itself)
{
    g_autoptr(AqrLease) taken = asker_lease(ONE);
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    guint n;

    ck_assert_int_ge(inotify_add_watch(fd, asker_table, IN_OPEN | IN_CLOSE), 0);
    asker_fails(ONE ".0", 1, AQR_ERROR_GPU, "no GPU is free after 1 s: " ONE ".0: the GPU in slot");
    n = count_opened(fd);
    close(fd);
    ck_assert_uint_ge(n, 2);
    ck_assert_uint_le(n, 3);
}
END_TEST

static gboolean
give_back(gpointer data)
{
    g_clear_pointer((AqrLease **)data, aqr_lease_free);
    return G_SOURCE_REMOVE;
}

/* When it has been looked at once more, as it is watched. */
static void
give_back_later(const char *text, gpointer data)
{
    ck_assert_msg(g_str_has_prefix(text, "waiting for a GPU: " ONE ".0: the GPU in slot"), "%s",
                  text);
    g_idle_add(give_back, data);
}

START_TEST(gets_what_is_given_back)
{
    gint64 before = g_get_monotonic_time();
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;
    AqrLease *taken = asker_lease(ONE);

    asker_ask(&asker, ONE ".0", 20);
    asker.config.note = give_back_later;
    asker.config.data = &taken;
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    ck_assert_ptr_null(taken);
    ck_assert_int_lt(g_get_monotonic_time() - before, 4 * G_TIME_SPAN_SECOND);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, asker_set_up, asker_tear_down);
    tcase_add_loop_test(tcase, two_at_once_get_one_each, 0, ROUNDS);
    tcase_add_test(tcase, is_not_woken_by_itself);
    tcase_add_test(tcase, gets_what_is_given_back);
}
