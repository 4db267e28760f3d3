/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/setup-apply.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/child.h"
#include "host/host-facts.h"

#define COMMAND_TIMEOUT (60 * G_TIME_SPAN_SECOND)

static AqrStepResult
fail(GError **error, const char *path, const char *why)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "%s: %s", path, why);
    return AQR_STEP_FAILED;
}

/* --- whose it is ------------------------------------------------------------- */

typedef struct {
    uid_t uid;
    gid_t gid;
} Owner;

/* Root, where the step names nobody. */
static gboolean
find_owner(const AqrSetupStep *step, Owner *owner, GError **error)
{
    const struct passwd *user = step->user == NULL ? NULL : getpwnam(step->user);
    const struct group *group = step->group == NULL ? NULL : getgrnam(step->group);

    if ((step->user != NULL && user == NULL) || (step->group != NULL && group == NULL)) {
        fail(error, step->path, "whose it is to be is no user or group of this host");
        return FALSE;
    }
    owner->uid = user == NULL ? 0 : user->pw_uid;
    owner->gid = group == NULL ? 0 : group->gr_gid;
    return TRUE;
}

static gboolean
has_owner(const AqrSetupStep *step, const Owner *owner, const struct stat *status)
{
    return (step->user == NULL || status->st_uid == owner->uid) &&
           (step->group == NULL || status->st_gid == owner->gid);
}

static gboolean
set_owner(const AqrSetupStep *step, int fd, const Owner *owner)
{
    uid_t uid = step->user == NULL ? (uid_t)-1 : owner->uid;
    gid_t gid = step->group == NULL ? (gid_t)-1 : owner->gid;

    return (step->user == NULL && step->group == NULL) || fchown(fd, uid, gid) == 0;
}

/* --- files ------------------------------------------------------------------- */

static guint32
mode_of(const AqrSetupStep *step)
{
    return step->mode != 0 ? step->mode : 0644;
}

/* (transfer full): what is in it; NULL and @error: it is not there, which needs no @error, or
 * not ours. */
static char *
read_ours(const char *path, struct stat *status, GError **error)
{
    g_autofree char *now = NULL;
    g_autoptr(GError) failed = NULL;

    if (lstat(path, status) < 0) {
        if (errno != ENOENT)
            fail(error, path, g_strerror(errno));
    } else if (!S_ISREG(status->st_mode)) {
        fail(error, path, "no plain file, so it is left alone");
    } else if (!g_file_get_contents(path, &now, NULL, &failed)) {
        fail(error, path, failed->message);
    } else if (!g_str_has_prefix(now, aqr_setup_mark)) {
        fail(error, path, "not made by rocm-qemu-setup, so it is left alone");
    } else {
        return g_steal_pointer(&now);
    }
    return NULL;
}

/* SAME: it is as it shall be. WOULD: it may be written. */
static AqrStepResult
look_at_file(const AqrSetupStep *step, const char *path, const Owner *owner, GError **error)
{
    g_autoptr(GError) failed = NULL;
    struct stat status;
    g_autofree char *now = read_ours(path, &status, &failed);

    if (failed != NULL) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return AQR_STEP_FAILED;
    }
    if (now == NULL)
        return AQR_STEP_WOULD;
    if (step->mode != 0 && (status.st_mode & 07777) != step->mode)
        return AQR_STEP_WOULD;
    return g_str_equal(now, step->text) && has_owner(step, owner, &status) ? AQR_STEP_SAME
                                                                           : AQR_STEP_WOULD;
}

static gboolean
write_all(int fd, const char *text)
{
    gssize n;

    for (; *text != '\0'; text += n) {
        n = write(fd, text, strlen(text));
        if (n < 0)
            return FALSE;
    }
    return fsync(fd) == 0;
}

/* Its text is not there before its owner and mode are: it may hold a password. */
static gboolean
fill_file(const AqrSetupStep *step, int fd, const Owner *owner)
{
    return set_owner(step, fd, owner) && fchmod(fd, mode_of(step)) == 0 &&
           write_all(fd, step->text);
}

static AqrStepResult
replace_file(const AqrSetupStep *step, const char *path, const Owner *owner, GError **error)
{
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);
    gboolean done;
    int number;

    if (fd < 0)
        return fail(error, path, g_strerror(errno));
    done = fill_file(step, fd, owner) && rename(temporary, path) == 0;
    number = errno;
    close(fd);
    if (done)
        return AQR_STEP_DONE;
    unlink(temporary);
    return fail(error, path, g_strerror(number));
}

static AqrStepResult
write_file(const AqrSetupStep *step, const char *path, gboolean dry_run, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    AqrStepResult result;
    Owner owner;

    if (!find_owner(step, &owner, error))
        return AQR_STEP_FAILED;
    result = look_at_file(step, path, &owner, error);
    if (result != AQR_STEP_WOULD || dry_run)
        return result;
    if (g_mkdir_with_parents(dir, 0755) < 0)
        return fail(error, dir, g_strerror(errno));
    return replace_file(step, path, &owner, error);
}

static AqrStepResult
remove_file(const char *path, gboolean dry_run, GError **error)
{
    g_autoptr(GError) failed = NULL;
    struct stat status;
    g_autofree char *now = read_ours(path, &status, &failed);

    if (failed != NULL) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return AQR_STEP_FAILED;
    }
    if (now == NULL)
        return AQR_STEP_SAME;
    if (dry_run)
        return AQR_STEP_WOULD;
    return unlink(path) == 0 ? AQR_STEP_DONE : fail(error, path, g_strerror(errno));
}

/* --- directories ------------------------------------------------------------- */

/* mkdir() says who was first: of a directory that was there only the owner is set, and only
 * where the step names one. */
static AqrStepResult
own_directory(const AqrSetupStep *step, const char *path, const Owner *owner, GError **error)
{
    gboolean is_new = mkdir(path, 0700) == 0;
    gboolean done;
    int fd;

    if (!is_new && errno != EEXIST)
        return fail(error, path, g_strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(error, path, g_strerror(errno));
    done = set_owner(step, fd, owner) && (!is_new || fchmod(fd, step->mode) == 0);
    close(fd);
    return done ? AQR_STEP_DONE : fail(error, path, "its owner and mode cannot be set");
}

static AqrStepResult
make_directory(const AqrSetupStep *step, const char *path, gboolean dry_run, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    struct stat status;
    Owner owner;

    if (!find_owner(step, &owner, error))
        return AQR_STEP_FAILED;
    if (lstat(path, &status) == 0) {
        if (!S_ISDIR(status.st_mode))
            return fail(error, path, "no directory, so it is left alone");
        if (has_owner(step, &owner, &status))
            return AQR_STEP_SAME;
    }
    if (dry_run)
        return AQR_STEP_WOULD;
    if (g_mkdir_with_parents(parent, 0755) < 0)
        return fail(error, parent, g_strerror(errno));
    return own_directory(step, path, &owner, error);
}

/* --- commands ---------------------------------------------------------------- */

static AqrStepResult
run_command(const AqrSetupStep *step, const AqrSetupPlace *place, GError **error)
{
    AqrPatience patience = aqr_patience(COMMAND_TIMEOUT, place->stop);
    g_autofree char *program = aqr_host_find_program(step->argv[0]);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_auto(GStrv) argv = NULL;
    g_autofree char *output = NULL;

    if (program == NULL)
        return fail(error, step->argv[0], "not installed");
    if (place->dry_run)
        return AQR_STEP_WOULD;
    g_strv_builder_add(words, program);
    g_strv_builder_addv(words, (const char **)step->argv + 1);
    argv = g_strv_builder_end(words);
    output =
        aqr_child_run((const char *const *)argv, AQR_ERROR_HOST, step->title, &patience, error);
    return output != NULL ? AQR_STEP_DONE : AQR_STEP_FAILED;
}

static AqrStepResult
take_step(const AqrSetupStep *step, const AqrSetupPlace *place, GError **error)
{
    g_autofree char *path = g_build_filename(place->root, step->path, NULL);

    switch (step->kind) {
    case AQR_STEP_FILE:
        return write_file(step, path, place->dry_run, error);
    case AQR_STEP_DIRECTORY:
        return make_directory(step, path, place->dry_run, error);
    case AQR_STEP_REMOVAL:
        return remove_file(path, place->dry_run, error);
    case AQR_STEP_COMMAND:
        return run_command(step, place, error);
    }
    g_return_val_if_reached(AQR_STEP_FAILED);
}

static void
free_report(gpointer data)
{
    aqr_step_report_free(data);
}

GPtrArray *
aqr_setup_apply(const GPtrArray *steps, const AqrSetupPlace *place)
{
    GPtrArray *reports = g_ptr_array_new_with_free_func(free_report);

    for (guint i = 0; i < steps->len; i++) {
        AqrStepReport *report = g_new0(AqrStepReport, 1);
        g_autoptr(GError) error = NULL;

        report->step = g_ptr_array_index(steps, i);
        report->result = take_step(report->step, place, &error);
        report->why = error == NULL ? NULL : g_strdup(error->message);
        g_ptr_array_add(reports, report);
    }
    return reports;
}
