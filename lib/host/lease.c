/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/lease-dir.h"
#include "host/lease-holder.h"

#define MAX_TRIES 1000 /* that somebody hostile may make us do */

struct AqrLease {
    char *slot;
    int fd;
};

static gboolean
is_slot(const char *slot)
{
    return slot != NULL && *slot != '\0' && *slot != '.' && strchr(slot, '/') == NULL;
}

/* --- the lock ---------------------------------------------------------- */

/* Whether a holder has it. A look takes a shared lock for a moment: two that look do not
 * see each other, and who takes it knows them (see lock()). */
static gboolean
is_locked(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) < 0)
        return TRUE;
    flock(fd, LOCK_UN);
    return FALSE;
}

/* A lock that can be shared is not a holder's but of somebody who looks: it is gone as soon
 * as he gets on, which takes a while on a busy host. */
static gboolean
lock(int fd)
{
    gint64 until = g_get_monotonic_time() + G_TIME_SPAN_SECOND;

    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (is_locked(fd) || g_get_monotonic_time() > until)
            return FALSE;
        sched_yield();
    }
    return TRUE;
}

/* A file that has been removed meanwhile is not where the others look. */
static gboolean
is_named(int dir, const char *slot, int fd)
{
    struct stat own, named;

    return fstat(fd, &own) == 0 && fstatat(dir, slot, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* Who owns a file may remove it, even from a sticky directory. Root's leases cannot be
 * taken away so. */
static void
make_own(int fd)
{
    if (geteuid() == 0 && fchown(fd, 0, 0) < 0) {
        /* Then it stays as it is. */
    }
}

/* --- the file ---------------------------------------------------------- */

static int
fail_file(const char *slot, GError **error)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot use \"%s/%s\": %s", aqr_lease_dir_path(),
                slot, errno == ELOOP ? "it is no plain file; remove it" : g_strerror(errno));
    return -1;
}

/* Not O_CREAT at once: with fs.protected_regular that is refused for others' files. */
static int
open_file(int dir, const char *slot, GError **error)
{
    int fd = aqr_lease_dir_open_file(dir, slot, O_RDWR);

    if (fd < 0 && errno == ENOENT) {
        if (!aqr_lease_dir_add(dir, slot, "", 0666, error))
            return -1;
        fd = aqr_lease_dir_open_file(dir, slot, O_RDWR);
    }
    return fd < 0 && errno != ENOENT ? fail_file(slot, error) : fd;
}

static void
set_busy(const char *slot, int fd, GError **error)
{
    g_auto(AqrLeaseHolder) holder = { 0 };
    g_autofree char *text = aqr_lease_dir_read(fd);
    g_autofree char *who = NULL;

    if (text != NULL)
        aqr_lease_holder_read(text, &holder);
    who = aqr_lease_holder_describe(&holder);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                "the GPU in slot %s is in use by %s; wait for it with --gpu-wait", slot, who);
}

/* Looks before it opens for writing: such a file's closing is what a watch waits for, and
 * two that wait would else wake each other for ever. */
static gboolean
check_free(int dir, const char *slot, GError **error)
{
    int fd = aqr_lease_dir_open_file(dir, slot, O_RDONLY);
    gboolean busy;

    if (fd < 0)
        return errno == ENOENT || fail_file(slot, error) >= 0;
    busy = is_locked(fd);
    if (busy)
        set_busy(slot, fd, error);
    close(fd);
    return !busy;
}

/* -1 without an error: the file went away meanwhile. */
static int
try_file(int dir, const char *slot, GError **error)
{
    int fd = check_free(dir, slot, error) ? open_file(dir, slot, error) : -1;

    if (fd < 0)
        return -1;
    if (!lock(fd))
        set_busy(slot, fd, error);
    else if (is_named(dir, slot, fd))
        return fd;
    close(fd);
    return -1;
}

static int
lock_file(int dir, const char *slot, GError **error)
{
    for (int i = 0; i < MAX_TRIES; i++) {
        g_autoptr(GError) failed = NULL;
        int fd = try_file(dir, slot, &failed);

        if (fd >= 0)
            return fd;
        if (failed != NULL) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return -1;
        }
    }
    errno = ENOENT;
    return fail_file(slot, error);
}

/* It is the lock that counts: what cannot be told is left out. */
static void
describe(int fd, const char *purpose)
{
    g_autofree char *text = aqr_lease_holder_write(purpose);

    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, strlen(text), 0) != (ssize_t)strlen(text) &&
        ftruncate(fd, 0) < 0) {
        /* Half of it cannot be read as JSON. */
    }
}

/* --- leases ------------------------------------------------------------ */

AqrLease *
aqr_lease_adopt(const char *slot, int fd, const char *purpose)
{
    AqrLease *lease = g_new0(AqrLease, 1);

    lease->slot = g_strdup(slot);
    lease->fd = fd;
    describe(fd, purpose);
    return lease;
}

gboolean
aqr_lease_check(const char *slot, GError **error)
{
    gboolean unheld;
    int dir;

    g_return_val_if_fail(is_slot(slot), FALSE);
    if (!aqr_lease_dir_open(FALSE, &dir, error))
        return FALSE;
    if (dir < 0)
        return TRUE;
    unheld = check_free(dir, slot, error);
    close(dir);
    return unheld;
}

AqrLease *
aqr_lease_take(const char *slot, const char *purpose, GError **error)
{
    int dir, fd;

    g_return_val_if_fail(is_slot(slot), NULL);
    if (!aqr_lease_dir_open(TRUE, &dir, error))
        return NULL;
    fd = lock_file(dir, slot, error);
    close(dir);
    if (fd < 0)
        return NULL;
    make_own(fd);
    return aqr_lease_adopt(slot, fd, purpose);
}

/* Not unlocked: that would take the lock from who has the same open file, too. */
void
aqr_lease_free(AqrLease *lease)
{
    if (lease == NULL)
        return;
    if (ftruncate(lease->fd, 0) < 0) {
        /* Then it names us until the next has it: a reader looks whether we live. */
    }
    close(lease->fd);
    g_free(lease->slot);
    g_free(lease);
}

const char *
aqr_lease_get_slot(const AqrLease *lease)
{
    return lease->slot;
}

int
aqr_lease_get_fd(const AqrLease *lease)
{
    return lease->fd;
}

/* What is no plain file, or may not be read, is in nobody's way but cannot be taken. */
static gboolean
look(int dir, const char *slot, AqrLeaseHolder *holder)
{
    int fd = aqr_lease_dir_open_file(dir, slot, O_RDONLY);
    g_autofree char *text = NULL;
    gboolean held;

    if (fd < 0)
        return errno != ENOENT;
    held = is_locked(fd);
    text = held && holder != NULL ? aqr_lease_dir_read(fd) : NULL;
    if (text != NULL)
        aqr_lease_holder_read(text, holder);
    close(fd);
    return held;
}

gboolean
aqr_lease_is_held(const char *slot, AqrLeaseHolder *holder)
{
    gboolean held;
    int dir;

    g_return_val_if_fail(is_slot(slot), FALSE);
    if (holder != NULL)
        *holder = (AqrLeaseHolder){ 0 };
    if (!aqr_lease_dir_open(FALSE, &dir, NULL))
        return TRUE;
    if (dir < 0)
        return FALSE;
    held = look(dir, slot, holder);
    close(dir);
    return held;
}
