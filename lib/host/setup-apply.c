/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/setup-apply.h"

#include <errno.h>
#include <fcntl.h>
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

/* SAME: it has the text. WOULD: it may be written. */
static AqrStepResult
look_at_file(const char *path, const char *text, GError **error)
{
    g_autofree char *now = NULL;
    g_autoptr(GError) failed = NULL;
    struct stat status;

    if (lstat(path, &status) < 0)
        return errno == ENOENT ? AQR_STEP_WOULD : fail(error, path, g_strerror(errno));
    if (!S_ISREG(status.st_mode))
        return fail(error, path, "no plain file, so it is left alone");
    if (!g_file_get_contents(path, &now, NULL, &failed))
        return fail(error, path, failed->message);
    if (!g_str_has_prefix(now, aqr_setup_mark))
        return fail(error, path, "not made by rocm-qemu-setup, so it is left alone");
    return g_str_equal(now, text) ? AQR_STEP_SAME : AQR_STEP_WOULD;
}

static AqrStepResult
write_file(const AqrSetupStep *step, const char *path, gboolean dry_run, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autoptr(GError) failed = NULL;
    AqrStepResult result = look_at_file(path, step->text, error);

    if (result != AQR_STEP_WOULD || dry_run)
        return result;
    if (g_mkdir_with_parents(dir, 0755) < 0)
        return fail(error, dir, g_strerror(errno));
    if (!g_file_set_contents_full(path, step->text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                  &failed))
        return fail(error, path, failed->message);
    return AQR_STEP_DONE;
}

static gboolean
is_directory(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* mkdir() says who was first: nobody's directory gets our mode. */
static AqrStepResult
make_directory(const AqrSetupStep *step, const char *path, gboolean dry_run, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    int fd, done;

    if (is_directory(path))
        return AQR_STEP_SAME;
    if (dry_run)
        return AQR_STEP_WOULD;
    if (g_mkdir_with_parents(parent, 0755) < 0 || mkdir(path, 0700) < 0)
        return fail(error, path, g_strerror(errno));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(error, path, g_strerror(errno));
    done = fchmod(fd, step->mode);
    close(fd);
    return done == 0 ? AQR_STEP_DONE : fail(error, path, "its mode cannot be set");
}

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
