/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/file-lock.h"
#include "host/image-write.h"
#include "host/workdir.h"
#include "target.h"

/* In the directory "TARGET's directory/.NAME.new" */
#define LOCK "lock"
#define IMAGE "image" /* as target_draft() says */
#define OVERLAY "overlay"
#define MANIFEST "manifest"
#define OLD_MANIFEST "old-manifest"

/* Nobody looks into it while programs write there, who give their files what mode they like. */
#define HIDDEN 0700
/* QEMU may run as somebody else, who is to reach what has its mode by then. */
#define SHOWN 0711
/* An overlay is written to, over an image that may only be read. */
#define OURS (S_IRUSR | S_IWUSR)

struct CreateDraft {
    char *target; /* without symbolic links */
    char *name, *hidden, *dir, *image, *overlay;
    int parent, files, lock; /* directories, and the lock; -1: not ours */
    gboolean replaces;       /* what is there */
    struct stat old;         /* and what that was at first */
};

static gboolean
fail(GError **error, const char *doing, const char *path)
{
    int failed = errno;

    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot %s \"%s\": %s", doing, path,
                g_strerror(failed));
    return FALSE;
}

static CreateDraft *
name_draft(const char *image)
{
    CreateDraft *draft = g_new0(CreateDraft, 1);

    draft->target = target_resolve(image);
    draft->name = g_path_get_basename(draft->target);
    draft->image = target_draft(draft->target);
    draft->dir = g_path_get_dirname(draft->image);
    draft->hidden = g_path_get_basename(draft->dir);
    draft->overlay = g_build_filename(draft->dir, OVERLAY, NULL);
    draft->parent = draft->files = draft->lock = -1;
    return draft;
}

/* --- one at a time ----------------------------------------------------- */

static void
drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static gboolean
open_parent(CreateDraft *draft, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(draft->target);

    drop(&draft->parent);
    draft->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (draft->parent >= 0 && faccessat(draft->parent, ".", W_OK | X_OK, 0) == 0)
        return TRUE;
    return fail(error, "write to the directory", parent);
}

/* Nobody else's directory, where everybody may make some. */
static gboolean
make_dir(CreateDraft *draft, GError **error)
{
    struct stat status;

    if (mkdirat(draft->parent, draft->hidden, HIDDEN) < 0 && errno != EEXIST)
        return fail(error, "make", draft->dir);
    drop(&draft->files);
    draft->files =
        openat(draft->parent, draft->hidden, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (draft->files < 0 && errno == ENOENT)
        return TRUE;
    if (draft->files < 0 || fstat(draft->files, &status) < 0)
        return fail(error, "use", draft->dir);
    if (status.st_uid == geteuid())
        return TRUE;
    errno = EACCES;
    return fail(error, "use", draft->dir);
}

static void
tell_who(int lock, const char *target, GError **error)
{
    char text[32] = "";
    ssize_t length = pread(lock, text, sizeof text - 1, 0);

    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "\"%s\" is being made by another process (pid %s); wait for it, or name another "
                "image",
                target, length > 0 ? text : "unknown");
}

/* Whether @lock is still the file of that name: whoever had it may have removed it just now. */
static gboolean
is_current(const CreateDraft *draft, int lock)
{
    struct stat ours, named;

    return fstat(lock, &ours) == 0 && fstatat(draft->files, LOCK, &named, 0) == 0 &&
           ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* -1 without an error: it has just gone. */
static int
try_lock(const CreateDraft *draft, GError **error)
{
    int lock;

    if (draft->files < 0)
        return -1;
    lock = openat(draft->files, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) {
        if (errno != ENOENT)
            fail(error, "make a lock in", draft->dir);
        return -1;
    }
    if (!aqr_file_lock_try(lock, AQR_FILE_LOCK_ALONE))
        tell_who(lock, draft->target, error);
    else if (is_current(draft, lock))
        return lock;
    close(lock);
    return -1;
}

static gboolean
take(CreateDraft *draft, GError **error)
{
    g_autoptr(GError) failed = NULL;

    while (draft->lock < 0 && failed == NULL && make_dir(draft, &failed))
        draft->lock = try_lock(draft, &failed);
    if (failed == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* --- its life ---------------------------------------------------------- */

static gboolean
check_target(CreateDraft *draft, GError **error)
{
    g_autofree char *beside = g_strconcat(draft->target, ".json", NULL);
    gboolean manifest = g_file_test(beside, G_FILE_TEST_EXISTS);

    draft->replaces = stat(draft->target, &draft->old) == 0;
    if ((!draft->replaces || S_ISREG(draft->old.st_mode)) &&
        (!manifest || g_file_test(beside, G_FILE_TEST_IS_REGULAR)))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "\"%s\" is there, and no file",
                draft->replaces && !S_ISREG(draft->old.st_mode) ? draft->target : beside);
    return FALSE;
}

static gboolean
clear_leftovers(const CreateDraft *draft, GError **error)
{
    const char *const files[] = { IMAGE, OVERLAY, MANIFEST, OLD_MANIFEST };
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        unlinkat(draft->files, files[i], 0);
    if (fchmod(draft->files, HIDDEN) == 0 && ftruncate(draft->lock, 0) == 0 &&
        pwrite(draft->lock, pid, strlen(pid), 0) == (ssize_t)strlen(pid))
        return TRUE;
    return fail(error, "write to", draft->dir);
}

CreateDraft *
create_draft_new(const char *image, GError **error)
{
    g_autoptr(CreateDraft) draft = name_draft(image);

    if (!open_parent(draft, error) || !check_target(draft, error) ||
        !aqr_image_replace_check(draft->target, error) || !take(draft, error) ||
        !clear_leftovers(draft, error))
        return NULL;
    return g_steal_pointer(&draft);
}

void
create_draft_free(CreateDraft *draft)
{
    if (draft == NULL)
        return;
    drop(&draft->files);
    drop(&draft->parent);
    if (draft->lock >= 0)
        aqr_workdir_remove(draft->dir, draft->lock);
    g_free(draft->target);
    g_free(draft->name);
    g_free(draft->hidden);
    g_free(draft->dir);
    g_free(draft->image);
    g_free(draft->overlay);
    g_free(draft);
}

void
create_draft_sweep(const char *image)
{
    g_autoptr(CreateDraft) draft = name_draft(image);
    g_autoptr(GError) never_mind = NULL;

    if (g_file_test(draft->dir, G_FILE_TEST_IS_DIR) && open_parent(draft, &never_mind) &&
        !take(draft, &never_mind))
        g_assert(draft->lock < 0);
}

const char *
create_draft_image(const CreateDraft *draft)
{
    return draft->image;
}

const char *
create_draft_overlay(const CreateDraft *draft)
{
    return draft->overlay;
}

const char *
create_draft_target(const CreateDraft *draft)
{
    return draft->target;
}

/* --- who may read it --------------------------------------------------- */

static mode_t
mode_of(const CreateDraft *draft)
{
    mode_t mask;

    if (draft->replaces)
        return draft->old.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
    mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int
open_file(const CreateDraft *draft, const char *name)
{
    return openat(draft->files, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

gboolean
create_draft_show(CreateDraft *draft, GError **error)
{
    const char *const files[] = { IMAGE, OVERLAY };
    gboolean good = TRUE;

    for (gsize i = 0; i < G_N_ELEMENTS(files) && good; i++) {
        int fd = open_file(draft, files[i]);

        good = fd < 0 ? errno == ENOENT : fchmod(fd, mode_of(draft) | OURS) == 0;
        drop(&fd);
    }
    return (good && fchmod(draft->files, SHOWN) == 0) || fail(error, "use", draft->dir);
}

gboolean
create_draft_hide(CreateDraft *draft, GError **error)
{
    return fchmod(draft->files, HIDDEN) == 0 || fail(error, "use", draft->dir);
}

/* A group that we cannot give it to had rights that are nobody else's. */
static gboolean
own_as_before(const CreateDraft *draft, int fd)
{
    mode_t mode = mode_of(draft);

    if (draft->replaces && fchown(fd, draft->old.st_uid, draft->old.st_gid) < 0 &&
        fchown(fd, (uid_t)-1, draft->old.st_gid) < 0)
        mode &= ~(mode_t)S_IRWXG;
    return fchmod(fd, mode) == 0;
}

/* --- the end ----------------------------------------------------------- */

/* As the old one was; and on the disk. */
static gboolean
finish_file(const CreateDraft *draft, const char *name, GError **error)
{
    int fd = open_file(draft, name);
    gboolean good = fd >= 0 && own_as_before(draft, fd) && fsync(fd) == 0;

    if (!good)
        fail(error, "write to", draft->dir);
    drop(&fd);
    return good;
}

static gboolean
write_manifest(const CreateDraft *draft, const char *text, GError **error)
{
    int fd =
        openat(draft->files, MANIFEST, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    gsize length = strlen(text), done = 0;
    ssize_t wrote = 0;

    while (fd >= 0 && done < length && (wrote = write(fd, text + done, length - done)) > 0)
        done += (gsize)wrote;
    if (done < length)
        fail(error, "write the manifest to", draft->dir);
    drop(&fd);
    return done == length;
}

static gboolean
move(const CreateDraft *draft, const char *from, const char *to, GError **error)
{
    return renameat(draft->files, from, draft->parent, to) == 0 || fail(error, "write", to);
}

gboolean
create_draft_is_current(const CreateDraft *draft, GError **error)
{
    const struct stat *old = &draft->old;
    struct stat now;

    if (draft->replaces && stat(draft->target, &now) == 0 && now.st_dev == old->st_dev &&
        now.st_ino == old->st_ino && now.st_mtim.tv_sec == old->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == old->st_mtim.tv_nsec)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                "\"%s\" has been changed meanwhile, and stays as it is now; start again",
                draft->target);
    return FALSE;
}

/* Whenever it ends, no image has the manifest of another. One that cannot be replaced, as it is
 * mounted or immutable, keeps its own. */
static gboolean
replace(const CreateDraft *draft, const char *beside, GError **error)
{
    if (renameat(draft->parent, beside, draft->files, OLD_MANIFEST) < 0 && errno != ENOENT)
        return fail(error, "replace", beside);
    if (move(draft, IMAGE, draft->name, error))
        return move(draft, MANIFEST, beside, error);
    renameat(draft->files, OLD_MANIFEST, draft->parent, beside);
    return FALSE;
}

gboolean
create_draft_publish(CreateDraft *draft, const char *manifest, GError **error)
{
    g_autofree char *beside = g_strconcat(draft->name, ".json", NULL);

    if (!aqr_image_replace_check(draft->target, error) || !write_manifest(draft, manifest, error) ||
        !finish_file(draft, MANIFEST, error) || !finish_file(draft, IMAGE, error))
        return FALSE;
    return replace(draft, beside, error) &&
           (fsync(draft->parent) == 0 || fail(error, "write", draft->dir));
}
