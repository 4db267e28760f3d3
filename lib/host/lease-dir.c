/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/lease-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

#define DEFAULT_DIR "/run/lock/rocm-gpu"
#define MAX_READ 4096

const char *
aqr_lease_dir_path(void)
{
    const char *path = g_getenv("AQR_LEASE_DIR");

    return path == NULL || *path == '\0' ? DEFAULT_DIR : path;
}

static gboolean
fail(const char *doing, GError **error)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot %s \"%s\": %s", doing,
                aqr_lease_dir_path(), g_strerror(errno));
    return FALSE;
}

/* Where others may write, the umask must not say who: so it appears when its mode is right
 * already. Somebody else's that is there first is as good. */
static gboolean
make(const char *path, GError **error)
{
    g_autofree char *early = g_strconcat(path, ".XXXXXX", NULL);

    if (g_mkdtemp(early) == NULL)
        return fail("make the directory", error);
    if (g_chmod(early, 01777) == 0 &&
        renameat2(AT_FDCWD, early, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return TRUE;
    if (errno == EEXIST)
        return g_rmdir(early) == 0 || TRUE;
    fail("make the directory", error);
    g_rmdir(early);
    return FALSE;
}

static const char *
judge(const struct stat *status)
{
    if (!S_ISDIR(status->st_mode))
        return "is no directory: remove it";
    if (status->st_uid != 0 && status->st_uid != geteuid())
        return "belongs to another user: as root, chown root:root it, and chmod 1777 it";
    if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status->st_mode & S_ISVTX) == 0)
        return "lets others remove what is not theirs: chmod +t it";
    return NULL;
}

gboolean
aqr_lease_dir_open(gboolean make_it, int *fd, GError **error)
{
    const char *path = aqr_lease_dir_path(), *wrong;
    struct stat status;
    int dir = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (dir < 0 && errno == ENOENT && make_it) {
        if (!make(path, error))
            return FALSE;
        dir = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    if (dir < 0 && (errno != ENOENT || make_it))
        return fail("open the directory", error);
    if (dir >= 0 && (wrong = fstat(dir, &status) < 0 ? g_strerror(errno) : judge(&status))) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "\"%s\", where users of GPUs meet, %s", path,
                    wrong);
        close(dir);
        return FALSE;
    }
    *fd = dir;
    return TRUE;
}

/* --- files ------------------------------------------------------------- */

static gboolean
write_all(int fd, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t n = write(fd, text + strlen(text) - left, left);

        if (n < 0 && errno != EINTR)
            return FALSE;
        left -= n < 0 ? 0 : (size_t)n;
    }
    return TRUE;
}

/* With O_EXCL under a name of its own, as fs.protected_regular allows it. It never has two
 * names, so whoever finds one that has may know that it was not made here. */
static gboolean
put(int dir, const char *early, const char *name, const char *text, mode_t mode)
{
    int fd = openat(dir, early, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gboolean done = fd >= 0 && write_all(fd, text) && fchmod(fd, mode) == 0 &&
                    renameat2(dir, early, dir, name, RENAME_NOREPLACE) == 0;
    int failed = errno;

    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !done)
        unlinkat(dir, early, 0);
    errno = failed;
    return done || errno == EEXIST;
}

gboolean
aqr_lease_dir_add(int dir, const char *name, const char *text, mode_t mode, GError **error)
{
    g_autofree char *early = g_strdup_printf(".%s.%d-%08x", name, (int)getpid(), g_random_int());

    if (put(dir, early, name, text, mode))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make \"%s/%s\": %s", aqr_lease_dir_path(),
                name, g_strerror(errno));
    return FALSE;
}

int
aqr_lease_dir_open_file(int dir, const char *name, int flags)
{
    int fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;

    if (fd < 0 || (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink <= 1))
        return fd;
    close(fd);
    errno = ELOOP;
    return -1;
}

char *
aqr_lease_dir_read(int fd)
{
    g_autofree char *text = g_malloc0(MAX_READ + 1);
    ssize_t n;

    do
        n = pread(fd, text, MAX_READ, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? NULL : g_steal_pointer(&text);
}
