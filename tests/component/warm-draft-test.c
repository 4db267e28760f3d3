/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Makers of saved VMs: two of them, killed ones, and those without room. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"
#include "warm-pairs.h"

#define MIB ((guint64)1 << 20)

static AqrWarmKey *key;

static void
set_up(void)
{
    warm_set_up();
    key = warm_key("image");
}

static void
tear_down(void)
{
    aqr_warm_key_free(key);
    warm_tear_down();
}

/* --- two --------------------------------------------------------------- */

/* A process that makes one: how far it is it says by bytes. */
typedef struct {
    pid_t pid;
    int says; /* read end */
} Maker;

enum { BEGUN, FILLED, DONE, N_STEPS };

static void
say(int fd)
{
    if (write(fd, "", 1) != 1)
        _exit(1);
}

/* Goes on to @last, and stays there until it is killed. */
static void
make(int says, int last)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    g_autoptr(GBytes) state = g_bytes_new_static(WARM_STATE, strlen(WARM_STATE));
    g_autoptr(AqrWarmDraft) draft = aqr_warm_cache_draft(cache, key, WARM_RAM_MIB, NULL);

    if (draft == NULL)
        _exit(1);
    say(says);
    if (last >= FILLED) {
        warm_fill(draft, 3000000);
        say(says);
    }
    if (last >= DONE) {
        if (!aqr_warm_draft_publish(draft, state, NULL))
            _exit(1);
        say(says);
    }
    pause();
}

static Maker
start_maker(int last)
{
    Maker maker;
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    maker.pid = fork();
    if (maker.pid == 0) {
        make(ends[1], last);
        _exit(1);
    }
    close(ends[1]);
    maker.says = ends[0];
    return maker;
}

static void
await(const Maker *maker, int step)
{
    char byte;

    for (int i = 0; i <= step; i++)
        ck_assert_int_eq(read(maker->says, &byte, 1), 1);
}

static void
end_maker(Maker *maker)
{
    int status;

    kill(maker->pid, SIGKILL);
    ck_assert_int_eq(waitpid(maker->pid, &status, 0), maker->pid);
    ck_assert(WIFSIGNALED(status));
    close(maker->says);
}

START_TEST(has_one_maker)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64), others = warm_open(G_MAXUINT64);
    g_autoptr(AqrWarmKey) other_key = warm_key("another");
    g_autoptr(GError) error = NULL;
    AqrWarmDraft *draft = aqr_warm_cache_draft(cache, key, 1, &error);
    AqrWarmDraft *other;

    ck_assert_no_error(error);
    ck_assert_ptr_null(aqr_warm_cache_draft(others, key, 1, &error));
    ck_assert_no_error(error);
    ck_assert(!warm_is_there(others, key));
    other = aqr_warm_cache_draft(others, other_key, 1, &error);
    ck_assert_no_error(error);
    ck_assert(g_file_test(aqr_warm_draft_memory(draft), G_FILE_TEST_EXISTS));
    aqr_warm_draft_free(other);
    aqr_warm_draft_free(draft);
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

START_TEST(is_waited_for)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    Maker maker = start_maker(_i);
    AqrPatience patience = aqr_patience(4 * G_TIME_SPAN_SECOND, NULL); /* less than an idle look */
    g_autoptr(GError) error = NULL;

    await(&maker, _i);
    ck_assert_ptr_null(aqr_warm_cache_draft(cache, key, 1, NULL));
    kill(maker.pid, SIGKILL);
    aqr_warm_cache_wait(cache, key, &patience, &error);
    ck_assert_no_error(error);
    end_maker(&maker);
    ck_assert(warm_is_there(cache, key) == (_i == DONE));
}
END_TEST

START_TEST(is_not_waited_for_for_ever)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    g_autoptr(AqrWarmDraft) draft = aqr_warm_cache_draft(cache, key, 1, NULL);
    AqrPatience patience = aqr_patience(1000, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert(!aqr_warm_cache_wait(cache, key, &patience, &error));
    ck_assert_error(error, AQR_ERROR_GUEST);
}
END_TEST

START_TEST(need_not_be_waited_for)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    AqrPatience patience = aqr_patience(1, NULL);

    ck_assert(aqr_warm_cache_wait(cache, key, &patience, NULL));
}
END_TEST

/* --- many -------------------------------------------------------------- */

enum { CROWD = 8, ROUNDS = 10 };

/* What a server does. */
static gboolean
get_one(atomic_uint *made)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    AqrPatience patience = aqr_patience(20 * G_TIME_SPAN_SECOND, NULL);
    g_autoptr(AqrWarmDraft) draft = NULL;

    while (!warm_is_there(cache, key)) {
        g_autoptr(GBytes) state = g_bytes_new_static(WARM_STATE, strlen(WARM_STATE));

        draft = aqr_warm_cache_draft(cache, key, WARM_RAM_MIB, NULL);
        if (draft != NULL && !warm_is_there(cache, key)) {
            warm_fill(draft, 100000);
            (*made)++;
            return aqr_warm_draft_publish(draft, state, NULL);
        }
        g_clear_pointer(&draft, aqr_warm_draft_free);
        if (!aqr_warm_cache_wait(cache, key, &patience, NULL))
            return FALSE;
    }
    return TRUE;
}

START_TEST(is_made_once_for_a_crowd)
{
    atomic_uint *made =
        mmap(NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[CROWD];

    ck_assert(made != MAP_FAILED);
    for (int i = 0; i < CROWD; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(get_one(made) ? 0 : 1);
    }
    for (int i = 0; i < CROWD; i++) {
        int status;

        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_uint_eq(*made, 1);
    ck_assert_uint_eq(warm_count(), 1);
    munmap(made, sizeof *made);
}
END_TEST

/* --- killed ------------------------------------------------------------ */

/* What it has left goes with the next maker, of whatever key. */
START_TEST(leaves_nothing_when_killed)
{
    g_autoptr(AqrWarmKey) other = warm_key("another");
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    Maker maker = start_maker(_i);

    await(&maker, _i);
    end_maker(&maker);
    ck_assert_uint_gt(warm_count(), 0);
    ck_assert(warm_is_there(cache, key) == (_i == DONE));
    warm_save(cache, other, 1);
    ck_assert_uint_eq(warm_count(), _i == DONE ? 2 : 1);
    ck_assert(warm_is_there(cache, key) == (_i == DONE));
    ck_assert(warm_is_there(cache, other));
}
END_TEST

/* At any moment of its end. */
START_TEST(is_whole_or_not_there)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    Maker maker = start_maker(DONE);
    gint64 until;

    await(&maker, FILLED);
    until = g_get_monotonic_time() + _i * 50;
    while (g_get_monotonic_time() < until) {
        /* It is these microseconds that the rows are about. */
    }
    end_maker(&maker);
    if (!warm_is_there(cache, key))
        warm_save(cache, key, 1);
    ck_assert(warm_is_there(cache, key));
}
END_TEST

/* --- room -------------------------------------------------------------- */

/* In a mount namespace of this test's process; only root can have one. */
static gboolean
mount_at_cache(const char *options)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
        return FALSE;
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(g_mkdir(warm_cache_dir(), 0700), 0);
    ck_assert_int_eq(mount("none", warm_cache_dir(), "tmpfs", 0, options), 0);
    return TRUE;
}

START_TEST(wants_room)
{
    g_autoptr(AqrWarmCache) cache = NULL;
    g_autoptr(GError) error = NULL;

    if (!mount_at_cache("size=2m,mode=0700"))
        return;
    cache = warm_open(G_MAXUINT64);
    ck_assert_ptr_null(aqr_warm_cache_draft(cache, key, 3, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "it may take 3 MiB, and"));
    ck_assert_ptr_nonnull(strstr(error->message, "--warm-dir"));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert_uint_eq(warm_count(), 0);
    ck_assert_int_eq(umount2(warm_cache_dir(), MNT_DETACH), 0);
}
END_TEST

START_TEST(stands_a_full_disk)
{
    g_autoptr(GBytes) state = g_bytes_new_take(g_malloc0(500000), 500000);
    g_autofree char *filler = g_build_filename(warm_cache_dir(), "filler", NULL);
    g_autofree char *much = g_malloc0(4 << 20);
    g_autoptr(AqrWarmCache) cache = NULL;
    g_autoptr(GError) error = NULL;
    AqrWarmDraft *draft;
    int fd;

    if (!mount_at_cache("size=2m,mode=0700"))
        return;
    cache = warm_open(G_MAXUINT64);
    draft = aqr_warm_cache_draft(cache, key, 1, &error);
    ck_assert_no_error(error);
    warm_fill(draft, 100000);
    fd = g_open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_gt(write(fd, much, 4 << 20), 0);
    close(fd);
    ck_assert(!aqr_warm_draft_publish(draft, state, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "No space left on device"));
    ck_assert_error(error, AQR_ERROR_HOST);
    aqr_warm_draft_free(draft);
    ck_assert_uint_eq(warm_count(), 1);
    ck_assert(!warm_is_there(cache, key));
    ck_assert_int_eq(umount2(warm_cache_dir(), MNT_DETACH), 0);
}
END_TEST

START_TEST(keeps_to_its_limit)
{
    g_autoptr(AqrWarmCache) cache = warm_open(2 * MIB);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_warm_cache_draft(cache, key, 3, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "may take 3 MiB, and all of them together 2"));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

START_TEST(wants_a_disk)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    g_autoptr(GBytes) state = g_bytes_new_static("", 0);
    g_autoptr(GError) error = NULL;
    AqrWarmDraft *draft = aqr_warm_cache_draft(cache, key, 1, NULL);

    ck_assert(!aqr_warm_draft_publish(draft, state, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "disk.qcow2"));
    ck_assert_error(error, AQR_ERROR_HOST);
    aqr_warm_draft_free(draft);
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, has_one_maker);
    tcase_add_loop_test(tcase, is_waited_for, 0, N_STEPS);
    tcase_add_test(tcase, is_not_waited_for_for_ever);
    tcase_add_test(tcase, need_not_be_waited_for);
    tcase_add_loop_test(tcase, is_made_once_for_a_crowd, 0, ROUNDS);
    tcase_add_loop_test(tcase, leaves_nothing_when_killed, 0, N_STEPS);
    tcase_add_loop_test(tcase, is_whole_or_not_there, 0, 60);
    tcase_add_test(tcase, wants_room);
    tcase_add_test(tcase, stands_a_full_disk);
    tcase_add_test(tcase, keeps_to_its_limit);
    tcase_add_test(tcase, wants_a_disk);
}
