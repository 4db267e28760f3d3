/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/workdir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define PREFIX "aqr-"
#define LOCK ".aqr-lock"

/* A unix socket's path has 107 bytes. libvirt's own, below a directory of ours,
 * adds up to 75: "/aqr-XXXXXX/libvirt/lib/qemu/domain-999-autopkgtest-1234567/monitor.sock". */
#define MAX_PARENT 32

/* autopkgtest decodes the words of print-execute-command three times, and splits
 * them at commas in between. */
static gboolean
is_usable(const char *path)
{
    if (!g_path_is_absolute(path) || strlen(path) > MAX_PARENT)
        return FALSE;
    for (; *path != '\0'; path++) {
        if (!g_ascii_isalnum(*path) && strchr("/_.:=@+-", *path) == NULL)
            return FALSE;
    }
    return TRUE;
}

const char *
aqr_workdir_socket_parent(void)
{
    return is_usable(g_get_tmp_dir()) ? g_get_tmp_dir() : "/tmp";
}

/* The file appears under its name when it is locked already: whoever finds it, and
 * can lock it, finds a dead process' directory. Where a file system has no locks it
 * never does, and nobody sweeps. */
static int
make_lock(const char *path)
{
    g_autofree char *lock = g_build_filename(path, LOCK, NULL);
    g_autofree char *early = g_strconcat(lock, ".new", NULL);
    int fd = open(early, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int failed;

    if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) < 0 || rename(early, lock) == 0))
        return fd;
    failed = errno;
    if (fd >= 0)
        close(fd);
    errno = failed;
    return -1;
}

/* -1 and errno: then nothing is left. */
static int
furnish(const char *path)
{
    int lock = g_chmod(path, 0711) < 0 ? -1 : make_lock(path);
    int failed = errno;

    if (lock < 0)
        aqr_workdir_remove(path, -1);
    errno = failed;
    return lock;
}

char *
aqr_workdir_make(const char *parent, int *lock, GError **error)
{
    g_autofree char *path = g_build_filename(parent, PREFIX "XXXXXX", NULL);
    int fd = g_mkdtemp(path) == NULL ? -1 : furnish(path);

    if (fd < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "cannot make a directory in \"%s\": %s; " AQR_WORKDIR_ELSEWHERE, parent,
                    g_strerror(errno));
        return NULL;
    }
    *lock = fd;
    return g_steal_pointer(&path);
}

gboolean
aqr_workdir_is_name(const char *name)
{
    return g_str_has_prefix(name, PREFIX) && strlen(name) == strlen(PREFIX "XXXXXX");
}

const char *
aqr_workdir_make_room(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(dir);

    return aqr_workdir_is_name(name) ? "make room there, or " AQR_WORKDIR_ELSEWHERE
                                     : "make room there";
}

/* One that has been removed meanwhile is nobody's to remove. */
int
aqr_workdir_take_over(const char *path)
{
    g_autofree char *lock = g_build_filename(path, LOCK, NULL);
    int fd = open(lock, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;

    if (fd < 0)
        return -1;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 && status.st_nlink > 0)
        return fd;
    close(fd);
    return -1;
}

static int
remove_entry(const char *path, G_GNUC_UNUSED const struct stat *status, G_GNUC_UNUSED int type,
             G_GNUC_UNUSED struct FTW *position)
{
    remove(path);
    return 0;
}

void
aqr_workdir_remove(const char *path, int lock)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    if (lock >= 0)
        close(lock);
}
