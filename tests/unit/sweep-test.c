/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/sweep.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/workdir.h"
#include "support/check-main.h"

static char *parent;
static unsigned notes;

static void
note(const char *text, G_GNUC_UNUSED gpointer data)
{
    ck_assert_ptr_nonnull(strstr(text, parent));
    notes++;
}

static void
set_up(void)
{
    parent = g_dir_make_tmp("aqr-sweep-XXXXXX", NULL);
    notes = 0;
}

static void
tear_down(void)
{
    aqr_workdir_remove(parent, -1);
    g_free(parent);
}

static gboolean
exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* (transfer full): the directory of a process that ended without removing it. */
static char *
make_dead(void)
{
    int fds[2], status;
    char path[512] = "";
    pid_t pid;

    ck_assert_int_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        int lock;
        char *made = aqr_workdir_make(parent, &lock, NULL);

        _exit(made == NULL || write(fds[1], made, strlen(made)) < 0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_gt(read(fds[0], path, sizeof path - 1), 0);
    close(fds[0]);
    close(fds[1]);
    return g_strdup(path);
}

START_TEST(removes_what_is_dead)
{
    g_autofree char *dead = make_dead();
    g_autofree char *inside = g_build_filename(dead, "libvirt", "etc", NULL);

    ck_assert_int_eq(g_mkdir_with_parents(inside, 0700), 0);
    aqr_sweep(parent, note, NULL);
    ck_assert(!exists(dead));
    ck_assert_int_eq(notes, 1);
}
END_TEST

/* A process that waits for nothing, called @name, with @argument: its pid. */
static pid_t
start_process(const char *name, const char *argument)
{
    int fds[2];
    pid_t pid;

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        execl("/bin/sh", name, "-c", "kill -s STOP $$", argument, NULL);
        _exit(127);
    }
    close(fds[1]);
    ck_assert_int_eq(read(fds[0], fds, 1), 0); /* it is /bin/sh by now */
    close(fds[0]);
    return pid;
}

static const struct {
    const char *name;
    const char *where;
    gboolean killed;
} processes[] = {
    { "/usr/bin/qemu-system-x86_64", "/libvirt/lib/qemu/monitor.sock", TRUE },
    { "/usr/bin/qemu-system-x86_64", "x/libvirt", FALSE }, /* another's directory */
    { "/usr/bin/less", "/libvirt.log", FALSE },
};

START_TEST(ends_qemu_in_it)
{
    g_autofree char *dead = make_dead();
    g_autofree char *argument = g_strconcat("path=", dead, processes[_i].where, NULL);
    pid_t pid = start_process(processes[_i].name, argument);
    int status;

    aqr_sweep(parent, note, NULL);
    ck_assert(!exists(dead));
    if (!processes[_i].killed) {
        ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
        ck_assert(WIFSTOPPED(status));
        kill(pid, SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
}
END_TEST

START_TEST(leaves_what_lives)
{
    g_autoptr(GError) error = NULL;
    int lock;
    g_autofree char *path = aqr_workdir_make(parent, &lock, &error);

    ck_assert_no_error(error);
    aqr_sweep(parent, note, NULL);
    ck_assert(exists(path));
    ck_assert_int_eq(aqr_workdir_take_over(path), -1);
    aqr_workdir_remove(path, lock);
    ck_assert(!exists(path));
    ck_assert_int_eq(notes, 0);
}
END_TEST

/* One that is being made has no lock yet; others are not ours at all. */
static const char *const foreign[] = { "aqr-abcdef", "aqr-abcdefg", "aqr_abcdef", "other" };

START_TEST(leaves_what_is_foreign)
{
    g_autofree char *path = g_build_filename(parent, foreign[_i], NULL);
    g_autofree char *lock = g_build_filename(path, _i == 0 ? ".aqr-lock.new" : ".aqr-lock", NULL);

    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    ck_assert(g_file_set_contents(lock, "", 0, NULL));
    aqr_sweep(parent, note, NULL);
    ck_assert(exists(path));
    ck_assert_int_eq(notes, 0);
}
END_TEST

START_TEST(follows_no_link)
{
    g_autofree char *dead = make_dead();
    g_autofree char *elsewhere = g_build_filename(parent, "elsewhere", NULL);
    g_autofree char *link = g_build_filename(parent, "aqr-link00", NULL);

    ck_assert_int_eq(g_rename(dead, elsewhere), 0);
    ck_assert_int_eq(symlink(elsewhere, link), 0);
    aqr_sweep(parent, note, NULL);
    ck_assert(exists(elsewhere));
}
END_TEST

START_TEST(is_harmless_without_a_parent)
{
    aqr_sweep("/no/such/directory", note, NULL);
    ck_assert_int_eq(notes, 0);
}
END_TEST

/* Whoever sweeps, and however many do, a directory is removed once. */
START_TEST(stands_a_crowd)
{
    enum { CROWD = 20 };
    pid_t pids[CROWD];

    for (int i = 0; i < CROWD; i++)
        g_free(make_dead());
    for (int i = 0; i < CROWD; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            int lock;
            char *own = aqr_workdir_make(parent, &lock, NULL);

            aqr_sweep(parent, note, NULL);
            _exit(own != NULL && exists(own) ? 0 : 1);
        }
    }
    for (int i = 0; i < CROWD; i++) {
        int status;

        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
    aqr_sweep(parent, note, NULL);
    ck_assert_int_eq(g_rmdir(parent), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, removes_what_is_dead);
    tcase_add_loop_test(tcase, ends_qemu_in_it, 0, G_N_ELEMENTS(processes));
    tcase_add_test(tcase, leaves_what_lives);
    tcase_add_loop_test(tcase, leaves_what_is_foreign, 0, G_N_ELEMENTS(foreign));
    tcase_add_test(tcase, follows_no_link);
    tcase_add_test(tcase, is_harmless_without_a_parent);
    tcase_add_test(tcase, stands_a_crowd);
}
