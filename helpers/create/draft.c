/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/file-lock.h"
#include "host/workdir.h"

struct CreateDraft {
    char *target;                           /* without symbolic links */
    char *dir, *image, *overlay, *manifest; /* "TARGET's directory/.NAME.new", and in it */
    int lock;                               /* -1: not ours */
};

static gboolean
fail(GError **error, const char *doing, const char *path)
{
    int failed = errno;

    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot %s \"%s\": %s", doing, path,
                g_strerror(failed));
    return FALSE;
}

static char *
find_target(const char *image)
{
    char *there = realpath(image, NULL);
    char *target = there != NULL ? g_strdup(there) : g_canonicalize_filename(image, NULL);

    free(there);
    return target;
}

static CreateDraft *
name_draft(const char *image)
{
    CreateDraft *draft = g_new0(CreateDraft, 1);
    g_autofree char *parent = NULL;
    g_autofree char *name = NULL;
    g_autofree char *hidden = NULL;

    draft->target = find_target(image);
    parent = g_path_get_dirname(draft->target);
    name = g_path_get_basename(draft->target);
    hidden = g_strconcat(".", name, ".new", NULL);
    draft->dir = g_build_filename(parent, hidden, NULL);
    draft->image = g_build_filename(draft->dir, "image", NULL);
    draft->overlay = g_build_filename(draft->dir, "overlay", NULL);
    draft->manifest = g_build_filename(draft->dir, "manifest", NULL);
    draft->lock = -1;
    return draft;
}

/* --- one at a time ----------------------------------------------------- */

/* Nobody else's directory, where everybody may make some. */
static gboolean
make_dir(const char *dir, GError **error)
{
    struct stat status;

    if (mkdir(dir, 0711) < 0 && errno != EEXIST)
        return fail(error, "make", dir);
    if (lstat(dir, &status) < 0 || !S_ISDIR(status.st_mode))
        errno = ENOTDIR;
    else if (status.st_uid != geteuid())
        errno = EACCES;
    else
        return TRUE;
    return fail(error, "use", dir);
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
is_current(int lock, const char *path)
{
    struct stat ours, named;

    return fstat(lock, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

/* -1 without an error: it has just gone. */
static int
try_lock(const CreateDraft *draft, const char *path, GError **error)
{
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (lock < 0) {
        if (errno != ENOENT)
            fail(error, "make", path);
        return -1;
    }
    if (!aqr_file_lock_try(lock, AQR_FILE_LOCK_ALONE))
        tell_who(lock, draft->target, error);
    else if (is_current(lock, path))
        return lock;
    close(lock);
    return -1;
}

static gboolean
take(CreateDraft *draft, GError **error)
{
    g_autofree char *path = g_build_filename(draft->dir, "lock", NULL);
    g_autoptr(GError) failed = NULL;

    while (draft->lock < 0 && failed == NULL && make_dir(draft->dir, &failed))
        draft->lock = try_lock(draft, path, &failed);
    if (failed == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* --- its life ---------------------------------------------------------- */

static gboolean
check_target(const CreateDraft *draft, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(draft->target);
    struct stat status;

    if (access(parent, W_OK | X_OK) < 0)
        return fail(error, "write to the directory", parent);
    if (stat(draft->target, &status) < 0 || S_ISREG(status.st_mode))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "\"%s\" is there, and no file", draft->target);
    return FALSE;
}

static gboolean
clear_leftovers(const CreateDraft *draft, GError **error)
{
    const char *files[] = { draft->image, draft->overlay, draft->manifest };
    g_autofree char *pid = g_strdup_printf("%d", (int)getpid());

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++)
        unlink(files[i]);
    if (ftruncate(draft->lock, 0) == 0 &&
        pwrite(draft->lock, pid, strlen(pid), 0) == (ssize_t)strlen(pid))
        return TRUE;
    return fail(error, "write to", draft->dir);
}

CreateDraft *
create_draft_new(const char *image, GError **error)
{
    g_autoptr(CreateDraft) draft = name_draft(image);

    if (!check_target(draft, error) || !take(draft, error) || !clear_leftovers(draft, error))
        return NULL;
    return g_steal_pointer(&draft);
}

void
create_draft_free(CreateDraft *draft)
{
    if (draft == NULL)
        return;
    if (draft->lock >= 0)
        aqr_workdir_remove(draft->dir, draft->lock);
    g_free(draft->target);
    g_free(draft->dir);
    g_free(draft->image);
    g_free(draft->overlay);
    g_free(draft->manifest);
    g_free(draft);
}

void
create_draft_sweep(const char *image)
{
    g_autoptr(CreateDraft) draft = name_draft(image);
    g_autoptr(GError) never_mind = NULL;

    if (g_file_test(draft->dir, G_FILE_TEST_IS_DIR) && !take(draft, &never_mind))
        g_assert(draft->lock < 0);
}

const char *
create_draft_dir(const CreateDraft *draft)
{
    return draft->dir;
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

/* --- the end ----------------------------------------------------------- */

static gboolean
sync_file(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    gboolean good = fd >= 0 && fsync(fd) == 0;

    if (!good)
        fail(error, "write", path);
    if (fd >= 0)
        close(fd);
    return good;
}

static gboolean
write_manifest(const CreateDraft *draft, const char *text, GError **error)
{
    FILE *file = fopen(draft->manifest, "we");
    gboolean good = file != NULL && fputs(text, file) >= 0;

    if (file != NULL && fclose(file) != 0)
        good = FALSE;
    return (good || fail(error, "write", draft->manifest)) && sync_file(draft->manifest, error);
}

static gboolean
move(const char *from, const char *to, GError **error)
{
    return rename(from, to) == 0 || fail(error, "write", to);
}

gboolean
create_draft_publish(CreateDraft *draft, const char *manifest, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(draft->target);
    g_autofree char *beside = g_strconcat(draft->target, ".json", NULL);

    return write_manifest(draft, manifest, error) && sync_file(draft->image, error) &&
           move(draft->image, draft->target, error) && move(draft->manifest, beside, error) &&
           sync_file(parent, error);
}
