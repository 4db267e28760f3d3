/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/lease-dir.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/leases.h"

#define NOBODY 65534

/* As nobody: what that made is not removed by who is not root. */
static gboolean
be_another(void)
{
    return geteuid() == 0;
}

static mode_t
mode_of(const char *name)
{
    struct stat status;

    ck_assert_int_eq(lstat(name, &status), 0);
    return status.st_mode & 07777;
}

START_TEST(has_a_place)
{
    g_unsetenv("AQR_LEASE_DIR");
    ck_assert_str_eq(aqr_lease_dir_path(), "/run/lock/rocm-gpu");
    g_setenv("AQR_LEASE_DIR", "", TRUE);
    ck_assert_str_eq(aqr_lease_dir_path(), "/run/lock/rocm-gpu");
}
END_TEST

START_TEST(is_made_for_all)
{
    g_autoptr(GError) error = NULL;
    int fd = 0;

    umask(077);
    ck_assert(aqr_lease_dir_open(FALSE, &fd, &error));
    ck_assert_int_eq(fd, -1);
    ck_assert(!g_file_test(leases_dir, G_FILE_TEST_EXISTS));
    ck_assert(aqr_lease_dir_open(TRUE, &fd, &error));
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(mode_of(leases_dir), 01777);
    close(fd);
    ck_assert(aqr_lease_dir_open(TRUE, &fd, &error)); /* again */
    close(fd);
}
END_TEST

typedef enum { DIRECTORY, LINK, PLAIN, FIFO, OTHERS } Kind;

static const struct {
    Kind kind;
    mode_t mode;
    const char *says; /* NULL: it is used */
} found[] = {
    { DIRECTORY, 01777, NULL },
    { DIRECTORY, 0755, NULL },
    { DIRECTORY, 0700, NULL },
    { DIRECTORY, 0777, "lets others remove what is not theirs: chmod +t it" },
    { DIRECTORY, 0775, "lets others remove what is not theirs: chmod +t it" },
    { DIRECTORY, 0757, "lets others remove what is not theirs: chmod +t it" },
    { LINK, 0, "is no directory: remove it" },
    { PLAIN, 0666, "is no directory: remove it" },
    { FIFO, 0666, "is no directory: remove it" },
    { OTHERS, 01777, "belongs to another user" },
};

static void
make(Kind kind, mode_t mode)
{
    switch (kind) {
    case DIRECTORY:
    case OTHERS:
        ck_assert_int_eq(mkdir(leases_dir, 0700), 0);
        ck_assert_int_eq(chmod(leases_dir, mode), 0);
        break;
    case LINK:
        ck_assert_int_eq(symlink(leases_parent, leases_dir), 0);
        break;
    case PLAIN:
        ck_assert(g_file_set_contents(leases_dir, "keep", -1, NULL));
        break;
    case FIFO:
        ck_assert_int_eq(mkfifo(leases_dir, mode), 0);
        break;
    }
    if (kind == OTHERS)
        ck_assert_int_eq(chown(leases_dir, NOBODY, NOBODY), 0);
}

START_TEST(is_judged)
{
    g_autoptr(GError) error = NULL;
    int fd = -1;

    if (found[_i].kind == OTHERS && !be_another())
        return;
    make(found[_i].kind, found[_i].mode);
    ck_assert(aqr_lease_dir_open(TRUE, &fd, &error) == (found[_i].says == NULL));
    if (found[_i].says != NULL) {
        ck_assert_ptr_nonnull(strstr(error->message, found[_i].says));
        ck_assert_ptr_nonnull(strstr(error->message, leases_dir));
        ck_assert_error(error, AQR_ERROR_HOST);
        ck_assert(!aqr_lease_dir_open(FALSE, &fd, NULL));
        ck_assert_int_eq(fd, -1);
    } else {
        close(fd);
    }
}
END_TEST

START_TEST(needs_a_parent)
{
    g_autofree char *deep = g_build_filename(leases_dir, "deeper", NULL);
    g_autoptr(GError) error = NULL;
    int fd;

    g_setenv("AQR_LEASE_DIR", deep, TRUE);
    ck_assert(!aqr_lease_dir_open(TRUE, &fd, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

/* In a process of its own: 0 if @check holds for an ordinary user. */
static int
as_nobody(gboolean (*check)(void))
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0)
        _exit(setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0 &&
                      check()
                  ? 0
                  : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static gboolean
can_open(void)
{
    int fd;

    return aqr_lease_dir_open(TRUE, &fd, NULL);
}

START_TEST(is_for_ordinary_users_too)
{
    if (!be_another())
        return;
    ck_assert_int_eq(chmod(leases_parent, 01777), 0);
    ck_assert(can_open());
    ck_assert_int_eq(as_nobody(can_open), 0); /* root's */
    ck_assert_int_eq(rmdir(leases_dir), 0);
    ck_assert_int_eq(as_nobody(can_open), 0); /* his own */
    ck_assert(!can_open());
}
END_TEST

static int
open_dir(void)
{
    g_autoptr(GError) error = NULL;
    int fd;

    aqr_lease_dir_open(TRUE, &fd, &error);
    ck_assert_no_error(error);
    return fd;
}

static guint
count_entries(void)
{
    g_autoptr(GDir) dir = g_dir_open(leases_dir, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

START_TEST(takes_a_file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_build_filename(leases_dir, "file", NULL);
    g_autofree char *text = NULL;
    int dir = open_dir();

    umask(077);
    ck_assert(aqr_lease_dir_add(dir, "file", "first", 0666, &error));
    ck_assert(aqr_lease_dir_add(dir, "file", "second", 0644, &error));
    ck_assert(g_file_get_contents(name, &text, NULL, NULL));
    ck_assert_str_eq(text, "first");
    ck_assert_int_eq(mode_of(name), 0666);
    ck_assert_uint_eq(count_entries(), 1);
    close(dir);
}
END_TEST

/* Neither half a file nor what it was made of stays. */
START_TEST(stands_a_full_disk)
{
    g_autoptr(GError) error = NULL;
    int dir = open_dir();

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 3, 3 }), 0);
    ck_assert(!aqr_lease_dir_add(dir, "file", "four", 0666, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert_uint_eq(count_entries(), 0);
    close(dir);
}
END_TEST

START_TEST(stands_a_disk_without_inodes)
{
    g_autoptr(GError) error = NULL;
    int fd;

    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
        return; /* a container's root may not mount */
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("tmpfs", leases_parent, "tmpfs", 0, "nr_inodes=2"), 0);
    fd = open_dir();
    ck_assert(!aqr_lease_dir_add(fd, "file", "", 0666, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "No space left"));
    ck_assert_error(error, AQR_ERROR_HOST);
    close(fd);
    ck_assert_int_eq(rmdir(leases_dir), 0);
    ck_assert_int_eq(mknod(leases_dir, S_IFREG, 0), 0); /* the last one */
    g_setenv("AQR_LEASE_DIR", leases_parent, TRUE);
    fd = open_dir();
    close(fd);
    ck_assert_int_eq(umount2(leases_parent, MNT_DETACH), 0);
}
END_TEST

static const Kind kinds[] = { DIRECTORY, LINK, FIFO, PLAIN };

START_TEST(opens_plain_files_only)
{
    int dir, fd;
    char *real = leases_dir;

    fd = open_dir();
    close(fd);
    leases_dir = g_build_filename(real, "file", NULL);
    make(kinds[_i], 0700);
    dir = open_dir();
    fd = aqr_lease_dir_open_file(dir, "file", O_RDONLY);
    ck_assert((fd >= 0) == (kinds[_i] == PLAIN));
    if (fd < 0)
        ck_assert_int_eq(errno, ELOOP);
    else
        close(fd);
    g_free(leases_dir);
    leases_dir = real;
    close(dir);
}
END_TEST

/* Else who may not write a file could have root write it. */
START_TEST(opens_no_second_name)
{
    g_autofree char *victim = g_build_filename(leases_parent, "victim", NULL);
    g_autofree char *name = g_build_filename(leases_dir, "file", NULL);
    int dir = open_dir();

    ck_assert(g_file_set_contents(victim, "keep", -1, NULL));
    ck_assert_int_eq(link(victim, name), 0);
    ck_assert_int_eq(aqr_lease_dir_open_file(dir, "file", O_RDWR), -1);
    ck_assert_int_eq(errno, ELOOP);
    close(dir);
}
END_TEST

START_TEST(reads_a_beginning)
{
    g_autofree char *name = g_build_filename(leases_dir, "file", NULL);
    g_autofree char *much = g_strnfill(100000, 'x');
    g_autofree char *text = NULL;
    int dir = open_dir(), fd;

    ck_assert(g_file_set_contents(name, much, -1, NULL));
    fd = aqr_lease_dir_open_file(dir, "file", O_RDONLY);
    text = aqr_lease_dir_read(fd);
    ck_assert_uint_eq(strlen(text), 4096);
    close(fd);
    close(dir);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, leases_set_up, leases_tear_down);
    tcase_add_test(tcase, has_a_place);
    tcase_add_test(tcase, is_made_for_all);
    tcase_add_loop_test(tcase, is_judged, 0, G_N_ELEMENTS(found));
    tcase_add_test(tcase, needs_a_parent);
    tcase_add_test(tcase, is_for_ordinary_users_too);
    tcase_add_test(tcase, takes_a_file);
    tcase_add_test(tcase, stands_a_full_disk);
    tcase_add_test(tcase, stands_a_disk_without_inodes);
    tcase_add_loop_test(tcase, opens_plain_files_only, 0, G_N_ELEMENTS(kinds));
    tcase_add_test(tcase, opens_no_second_name);
    tcase_add_test(tcase, reads_a_beginning);
}
