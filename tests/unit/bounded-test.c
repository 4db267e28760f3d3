/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/bounded.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

static char *dir;
static char *file;
static AqrPatience ample;

static void
set_up(void)
{
    dir = test_make_dir();
    file = g_build_filename(dir, "attribute", NULL);
    ample = aqr_patience(20 * G_TIME_SPAN_SECOND, NULL);
}

static void
tear_down(void)
{
    test_remove_dir(dir);
    g_free(file);
}

static void
check_no_child(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

START_TEST(writes)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    ck_assert(g_file_set_contents(file, "before that", -1, NULL));
    ck_assert(aqr_bounded_write(file, "0000:03:00.0", &ample, &error));
    ck_assert(g_file_get_contents(file, &text, NULL, NULL));
    ck_assert_str_eq(text, "0000:03:00.0");
    check_no_child();
}
END_TEST

START_TEST(reads)
{
    g_autofree char *much = g_strnfill(100000, 'x');
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) some = NULL;
    g_autoptr(GBytes) all = NULL;

    ck_assert(g_file_set_contents(file, much, -1, NULL));
    some = aqr_bounded_read(file, 64, &ample, &error);
    ck_assert_uint_eq(g_bytes_get_size(some), 64);
    all = aqr_bounded_read(file, 100000, &ample, &error);
    ck_assert_uint_eq(g_bytes_get_size(all), 4096);
    check_no_child();
}
END_TEST

START_TEST(says_why_not)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!aqr_bounded_write("/proc/self/comm/none", "1", &ample, &error));
    ck_assert_str_eq(error->message, "cannot write to /proc/self/comm/none: Not a directory");
    ck_assert_error(error, AQR_ERROR_GPU);
    ck_assert(!aqr_bounded_write("/dev/full", "1", &ample, &error));
    ck_assert_str_eq(error->message, "cannot write to /dev/full: No space left on device");
    ck_assert_error(error, AQR_ERROR_GPU);
    ck_assert_ptr_null(aqr_bounded_read("/proc/self/mem", 64, &ample, &error));
    ck_assert_str_eq(error->message, "cannot read /proc/self/mem: Input/output error");
    ck_assert_error(error, AQR_ERROR_GPU);
    check_no_child();
}
END_TEST

static gboolean
write_it(GError **error)
{
    AqrPatience little = aqr_patience(G_TIME_SPAN_SECOND / 10, NULL);

    return aqr_bounded_write(file, "1", &little, error);
}

static gboolean
read_it(GError **error)
{
    AqrPatience little = aqr_patience(G_TIME_SPAN_SECOND / 10, NULL);
    g_autoptr(GBytes) bytes = aqr_bounded_read(file, 1, &little, error);

    return bytes != NULL;
}

static gboolean (*const blocked[])(GError **error) = { write_it, read_it };

/* A fifo whose other end nobody opens: the test's time-out ends a wait for it. */
START_TEST(is_bounded)
{
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(mkfifo(file, 0600), 0);
    ck_assert(!blocked[_i](&error));
    ck_assert_ptr_nonnull(strstr(error->message, "gave up waiting"));
    ck_assert_error(error, AQR_ERROR_GPU);
    check_no_child();
}
END_TEST

/* (transfer full): the only child of @pid; NULL: none yet. */
static char *
child_of(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/task/%s/children", pid, pid);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL) || *text == '\0')
        return NULL;
    return g_strdup(g_strchomp(text));
}

/* Until our child has one, too: our child. */
static pid_t
wait_grandchild(void)
{
    g_autofree char *own = g_strdup_printf("%d", (int)getpid());
    g_autofree char *child = child_of(own);

    for (;;) {
        g_autofree char *grandchild = child_of(child);

        if (grandchild != NULL)
            return atoi(child);
        sched_yield();
    }
}

/* Who reads a pipe of ours to its end does not wait for the child. */
START_TEST(has_nothing_of_ours_open)
{
    int fds[2];
    char byte;

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    if (fork() == 0) {
        AqrPatience endless = aqr_patience(0, NULL);

        aqr_bounded_write(file, "1", &endless, NULL);
        _exit(0);
    }
    close(fds[1]);
    kill(wait_grandchild(), SIGKILL);
    ck_assert_int_eq(read(fds[0], &byte, 1), 0);
    close(open(file, O_RDWR)); /* lets it go */
    ck_assert_int_gt(wait(NULL), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, writes);
    tcase_add_test(tcase, reads);
    tcase_add_test(tcase, says_why_not);
    tcase_add_loop_test(tcase, is_bounded, 0, G_N_ELEMENTS(blocked));
    tcase_add_test(tcase, has_nothing_of_ours_open);
}
