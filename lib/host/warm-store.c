/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/file-lock.h"
#include "host/warm-note.h"

#define LOCK "lock"
#define KEY_DIGITS 32
#define SAVED_DIGITS 8
#define MAX_TRIES 1000 /* to lock a file that others make and remove meanwhile */

/* --- the directory ----------------------------------------------------- */

guint
aqr_warm_store_mode(void)
{
    return geteuid() == 0 ? 0711 : 0700;
}

static int
fail(const char *path, const char *what, GError **error)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot keep saved VMs in \"%s\": %s; %s", path,
                what, AQR_WARM_REMEDY);
    return -1;
}

/* The umask must not say who may pass. */
static gboolean
make(const char *path)
{
    g_autofree char *parent = g_path_get_dirname(path);

    if (g_mkdir_with_parents(parent, geteuid() == 0 ? 0755 : 0700) < 0)
        return FALSE;
    if (mkdir(path, 0700) < 0)
        return errno == EEXIST;
    return g_chmod(path, (int)aqr_warm_store_mode()) == 0;
}

static const char *
judge(int fd)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return g_strerror(errno);
    if (S_ISLNK(status.st_mode))
        return "it is a symbolic link";
    if (!S_ISDIR(status.st_mode))
        return "it is no directory";
    if (status.st_uid != geteuid())
        return "it belongs to another user";
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "others may write to it";
    if (faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0)
        return g_strerror(errno);
    return NULL;
}

/* QEMU gets at the files by their paths: who may rename a directory on the way could put others
 * in their place. In one that is sticky, as /tmp, only its owner may. (transfer full): the first
 * such; NULL: none. */
static char *
find_foreign_parent(const char *path)
{
    g_autofree char *real = g_canonicalize_filename(path, NULL);

    for (char *slash = strrchr(real, '/'); slash != NULL; slash = strrchr(real, '/')) {
        struct stat status;
        gboolean loose;

        slash[slash == real ? 1 : 0] = '\0';
        loose = stat(real, &status) < 0 ||
                ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0);
        if (loose || (status.st_uid != 0 && status.st_uid != geteuid()))
            return g_strdup(real);
        if (slash == real)
            break;
    }
    return NULL;
}

static int
open_in_good_company(const char *path, int fd, GError **error)
{
    g_autofree char *foreign = fd < 0 ? NULL : find_foreign_parent(path);
    g_autofree char *what = NULL;

    if (foreign == NULL)
        return fd;
    close(fd);
    what = g_strdup_printf("others may change \"%s\"", foreign);
    return fail(path, what, error);
}

int
aqr_warm_store_open(const char *path, GError **error)
{
    int found = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd;
    const char *wrong;

    if (found < 0 && errno == ENOENT) {
        if (!make(path))
            return fail(path, g_strerror(errno), error);
        found = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    if (found < 0)
        return fail(path, g_strerror(errno), error);
    wrong = judge(found);
    fd = wrong != NULL ? -1 : openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (wrong == NULL && fd < 0)
        wrong = g_strerror(errno);
    close(found);
    return wrong != NULL ? fail(path, wrong, error) : open_in_good_company(path, fd, error);
}

/* --- names ------------------------------------------------------------- */

static gboolean
ends_so(const char *name, const char *ending)
{
    if (ending != NULL)
        return g_str_equal(name, ending);
    return strlen(name) == SAVED_DIGITS && strspn(name, "0123456789abcdef") == SAVED_DIGITS;
}

char *
aqr_warm_store_key(const char *name)
{
    return g_strndup(name, KEY_DIGITS);
}

static gboolean
is_wanted(const char *name, const char *key, const char *ending)
{
    g_autofree char *begins = aqr_warm_store_key(name);

    return aqr_warm_key_is_name(begins) && (key == NULL || g_str_equal(begins, key)) &&
           name[KEY_DIGITS] == '.' && ends_so(name + KEY_DIGITS + 1, ending);
}

/* A directory's stream closes its file: so it gets one of its own. */
static DIR *
open_list(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (list == NULL && fd >= 0)
        close(fd);
    return list;
}

GPtrArray *
aqr_warm_store_list(const AqrWarmCache *cache, const char *key, const char *ending, GError **error)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    DIR *list = open_list(cache->fd, ".");
    const struct dirent *entry;

    if (list == NULL) {
        fail(cache->path, g_strerror(errno), error);
        g_ptr_array_unref(names);
        return NULL;
    }
    while ((entry = readdir(list)) != NULL) {
        if (is_wanted(entry->d_name, key, ending))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    }
    closedir(list);
    return names;
}

/* --- locks ------------------------------------------------------------- */

static gboolean
is_named(int dir, const char *name, int fd)
{
    struct stat own, named;

    return fstat(fd, &own) == 0 && fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* -1 and errno: EBUSY for another's, ESTALE when it has been removed meanwhile. */
static int
try_lock(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    int failed;

    if (fd < 0)
        return -1;
    if (!aqr_file_lock_try(fd, AQR_FILE_LOCK_ALONE))
        failed = errno == EAGAIN || errno == EACCES ? EBUSY : errno;
    else if (!is_named(dir, name, fd))
        failed = ESTALE;
    else
        return fd;
    close(fd);
    errno = failed;
    return -1;
}

int
aqr_warm_store_lock(const AqrWarmCache *cache, const char *key, GError **error)
{
    g_autofree char *name = g_strconcat(key, "." LOCK, NULL);

    errno = ESTALE;
    for (int i = 0; i < MAX_TRIES && errno == ESTALE; i++) {
        int fd = try_lock(cache->fd, name);

        if (fd >= 0)
            return fd;
    }
    return errno == EBUSY ? -1 : fail(cache->path, g_strerror(errno), error);
}

/* Removed while it is locked: who has opened it meanwhile sees that it has no name. */
void
aqr_warm_store_unlock(const AqrWarmCache *cache, const char *key, int lock)
{
    g_autofree char *name = g_strconcat(key, "." LOCK, NULL);

    unlinkat(cache->fd, name, 0);
    close(lock);
}

gboolean
aqr_warm_store_is_locked(const AqrWarmCache *cache, const char *key)
{
    g_autofree char *name = g_strconcat(key, "." LOCK, NULL);
    int fd = openat(cache->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    gboolean held = fd >= 0 && aqr_file_lock_is_held(fd);

    if (fd >= 0)
        close(fd);
    return held;
}

/* --- removal ----------------------------------------------------------- */

void
aqr_warm_store_remove(const AqrWarmCache *cache, const char *name)
{
    DIR *list = open_list(cache->fd, name);
    const struct dirent *entry;

    if (list == NULL)
        return;
    while ((entry = readdir(list)) != NULL) {
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
            unlinkat(dirfd(list), entry->d_name, 0);
    }
    closedir(list);
    unlinkat(cache->fd, name, AT_REMOVEDIR);
}

static void
sweep(const AqrWarmCache *cache, const char *ending)
{
    g_autoptr(GPtrArray) left = aqr_warm_store_list(cache, NULL, ending, NULL);

    for (guint i = 0; left != NULL && i < left->len; i++) {
        const char *name = g_ptr_array_index(left, i);
        g_autofree char *key = aqr_warm_store_key(name);
        int lock = aqr_warm_store_lock(cache, key, NULL);

        if (lock < 0)
            continue;
        aqr_warm_store_remove(cache, name);
        aqr_warm_store_unlock(cache, key, lock);
    }
}

/* Reading one that is too old removes it. */
static void
sweep_refusals(const AqrWarmCache *cache)
{
    g_autoptr(GPtrArray) left = aqr_warm_store_list(cache, NULL, AQR_WARM_REFUSED, NULL);

    for (guint i = 0; left != NULL && i < left->len; i++)
        g_free(aqr_warm_note_read(cache->fd, g_ptr_array_index(left, i), G_TIME_SPAN_DAY));
}

void
aqr_warm_store_sweep(const AqrWarmCache *cache)
{
    sweep_refusals(cache);
    sweep(cache, AQR_WARM_MAKING);
    sweep(cache, LOCK);
}
