/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "make.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aqr-config.h"
#include "base/error.h"
#include "cli/program.h"
#include "core/finding.h"
#include "core/image-manifest.h"
#include "draft.h"
#include "host/child.h"
#include "host/image.h"
#include "image-report.h"
#include "preflight.h"
#include "prove.h"
#include "target.h"
#include "update.h"
#include "worker.h"

static gboolean
go_on(const Create *create, GError **error)
{
    const char *reason = aqr_stop_reason(create->stop);

    if (reason == NULL)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_STOPPED, reason);
    return FALSE;
}

/* --- boot and check ---------------------------------------------------- */

static void
tell_stage(const char *what, gpointer progress)
{
    if (what == NULL)
        aqr_progress_end(progress, TRUE);
    else
        aqr_progress_begin(progress, what);
}

static GuestConfig
plan_guest(const Create *create, const char *image, const char *boot)
{
    const CreateOptions *options = create->options;

    return (GuestConfig){
        .place = create->place,
        .image = image,
        .boot = boot,
        .accel = options->accel,
        .connect = options->connect,
        .timeout = options->timeout,
        .show_boot = options->show_boot,
        .stage = tell_stage,
        .data = create->progress,
    };
}

static gboolean
print(const char *text, GError **error)
{
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot write the report: %s", g_strerror(errno));
    return FALSE;
}

static gboolean
print_report(const Create *create, const AqrImageVerdict *verdict, GError **error)
{
    const char *no_colour = g_getenv("NO_COLOR");
    gboolean colour = isatty(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0');
    const char *image = create->options->image;
    g_autofree char *text = create->options->json ? image_report_json(image, verdict)
                                                  : image_report_text(image, verdict, colour);

    return print(text, error);
}

/* What is known of an image that is there: from its manifest, if it has one. */
static AqrImageOrigin *
find_origin(const char *image)
{
    g_autofree char *file = g_strconcat(image, ".json", NULL);
    g_autofree char *text = NULL;
    AqrImageOrigin *origin = NULL;

    if (g_file_get_contents(file, &text, NULL, NULL))
        origin = aqr_image_manifest_parse(text, NULL);
    return origin;
}

static const char *const *
users_of(const Create *create, const AqrImageOrigin *origin)
{
    static const char *const usual[] = { "user", "debci", NULL };
    char **users = create->options->users;

    if (users == NULL && origin != NULL)
        users = origin->users;
    return users != NULL ? (const char *const *)users : usual;
}

static gboolean
prove(const Create *create, const GuestConfig *guest, const char *const *users,
      AqrImageVerdict *verdict, GError **error)
{
    const ProveConfig config = {
        .guest = *guest,
        .users = users,
        .gpus = (const char *const *)create->options->gpus,
    };

    if (prove_image(&config, create->stop, verdict, error))
        return print_report(create, verdict, error);
    aqr_progress_end(create->progress, FALSE);
    return FALSE;
}

/* --- replace ----------------------------------------------------------- */

static char *
write_manifest(const CreateOptions *options, const AqrImageOrigin *origin, const char *const *users,
               const AqrImageVerdict *verdict, guint64 size)
{
    const AqrImageManifest manifest = {
        .version = AQR_VERSION,
        .made = g_get_real_time() / G_USEC_PER_SEC,
        .release = options->release == NULL && origin != NULL ? origin->release : options->release,
        .arch = options->arch == NULL && origin != NULL ? origin->arch : options->arch,
        .users = users,
        .boots = (const char *const *)verdict->boots,
        .size = size,
        .facts = verdict->facts,
        .findings = verdict->findings,
    };

    return aqr_image_manifest_text(&manifest);
}

/* An image that is not booted is taken to boot as it was made to. */
static GStrv
boots_by_design(const char *boot)
{
    if (g_strcmp0(boot, "both") == 0)
        return g_strsplit("efi bios", " ", -1);
    return boot == NULL ? NULL : g_strsplit(boot, " ", -1);
}

/* What the draft is proven by, and whether it may take the image's place. */
static gboolean
prove_and_publish(const Create *create, CreateDraft *draft, const AqrImageOrigin *origin,
                  const char *boot, GError **error)
{
    const char *image = create_draft_image(draft);
    const GuestConfig guest = plan_guest(create, image, boot);
    const AqrPatience patience = aqr_patience(0, create->stop);
    const char *const *users = users_of(create, origin);
    g_auto(AqrImageVerdict) verdict = { 0 };
    g_auto(AqrImageInfo) info = { 0 };
    g_autofree char *manifest = NULL;

    if (!create_draft_show(draft, error) || !aqr_image_probe(image, &info, &patience, error))
        return FALSE;
    if (!create->options->no_check && !prove(create, &guest, users, &verdict, error))
        return FALSE;
    if (verdict.boots == NULL)
        verdict.boots = boots_by_design(boot);
    if (verdict.findings != NULL && aqr_findings_count(verdict.findings, AQR_FAIL) > 0)
        return FALSE;
    manifest = write_manifest(create->options, origin, users, &verdict, info.size);
    if (create->options->task == CREATE_UPDATE && !create_draft_is_current(draft, error))
        return FALSE;
    return go_on(create, error) && create_draft_publish(draft, manifest, error);
}

/* --- what there is to do ----------------------------------------------- */

static gboolean
make_empty(const Create *create, const char *image, GError **error)
{
    const AqrPatience patience = aqr_patience(0, create->stop);
    const char *const argv[] = { "qemu-img", "create", "-q", "-f", "qcow2", image, "1M", NULL };
    g_autofree char *output =
        aqr_child_run(argv, AQR_ERROR_HOST, "make an image", &patience, error);

    return output != NULL;
}

/* It takes minutes to build an image, and all of them are lost where QEMU then does not reach it.
 * So an empty one is tried before, in its place and with its mode. */
static gboolean
try_place(const Create *create, CreateDraft *draft, GError **error)
{
    const char *image = create_draft_image(draft);
    const GuestConfig guest = plan_guest(create, image, "bios");

    if (create->options->no_check)
        return TRUE;
    if (!make_empty(create, image, error) || !create_draft_show(draft, error) ||
        !guest_try(&guest, create->stop, error)) {
        g_prefix_error(error, "before anything is built: ");
        return FALSE;
    }
    g_unlink(image);
    return create_draft_hide(draft, error);
}

gboolean
create_build(const Create *create, GError **error)
{
    const CreateOptions *options = create->options;
    g_autoptr(CreateDraft) draft = NULL;
    g_auto(GStrv) argv = NULL;

    if (!create_preflight(options, error))
        return FALSE;
    draft = create_draft_new(options->image, error);
    if (draft == NULL || !try_place(create, draft, error))
        return FALSE;
    argv = create_worker_argv(options, create_draft_image(draft));
    return create_worker_run((const char *const *)argv, create->progress, create->stop, error) &&
           prove_and_publish(create, draft, NULL, options->boot, error);
}

static gboolean
convert(const Create *create, const CreateDraft *draft, const char *format, GError **error)
{
    const AqrPatience patience = aqr_patience(0, create->stop);
    gboolean done;

    aqr_progress_begin(create->progress, "copying the image");
    done = aqr_image_copy(create_draft_overlay(draft), create_draft_image(draft), format, &patience,
                          error);
    aqr_progress_end(create->progress, done);
    return done;
}

/* What the guest has written may be more than it seems to be in a raw file, whose format is found
 * out anew each time. */
static gboolean
check_format(const char *format, GError **error)
{
    if (!g_str_equal(format, "raw"))
        return TRUE;
    g_set_error_literal(
        error, AQR_ERROR, AQR_ERROR_USAGE,
        "a raw image, which its guest could turn into one of another format, cannot "
        "safely be made up to date; say --format=qcow2, or build it anew");
    return FALSE;
}

/* The image stays as it is: what changes goes to an overlay, and then all of it to a new file. */
static gboolean
make_up_to_date(const Create *create, CreateDraft *draft, const char *boot, GError **error)
{
    const AqrPatience patience = aqr_patience(0, create->stop);
    const char *target = create_draft_target(draft);
    const char *overlay = create_draft_overlay(draft);
    g_auto(AqrImageInfo) info = { 0 };
    const char *format;
    const UpdateConfig config = {
        .guest = plan_guest(create, overlay, boot),
        .timeout = create->options->update_timeout,
    };

    if (!aqr_image_probe(target, &info, &patience, error))
        return FALSE;
    format = create->options->format != NULL ? create->options->format : info.disk->format;
    if (!check_format(format, error) ||
        !aqr_image_make_overlay(overlay, target, info.disk->format, &patience, error) ||
        !create_draft_show(draft, error))
        return FALSE;
    if (!update_image(&config, create->stop, error)) {
        aqr_progress_end(create->progress, FALSE);
        return FALSE;
    }
    return create_draft_hide(draft, error) && convert(create, draft, format, error);
}

/* "both", or the only one. */
static const char *
boot_of(const CreateOptions *options, const AqrImageOrigin *origin)
{
    if (options->boot != NULL || origin == NULL || origin->boots == NULL)
        return options->boot;
    return g_strv_length(origin->boots) > 1 ? "both" : origin->boots[0];
}

gboolean
create_update(const Create *create, GError **error)
{
    const CreateOptions *options = create->options;
    g_autoptr(CreateDraft) draft = NULL;
    g_autoptr(AqrImageOrigin) origin = NULL;
    const char *boot;

    if (access(options->image, R_OK) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE, "cannot read \"%s\": %s", options->image,
                    g_strerror(errno));
        return FALSE;
    }
    draft = create_draft_new(options->image, error);
    if (draft == NULL)
        return FALSE;
    origin = find_origin(create_draft_target(draft));
    boot = boot_of(options, origin);
    return make_up_to_date(create, draft, boot, error) &&
           prove_and_publish(create, draft, origin, boot, error);
}

gboolean
create_check(const Create *create, GError **error)
{
    const char *image = create->options->image;
    g_autofree char *target = target_resolve(image);
    g_autoptr(AqrImageOrigin) origin = find_origin(target);
    const GuestConfig guest = plan_guest(create, image, boot_of(create->options, origin));
    g_auto(AqrImageVerdict) verdict = { 0 };

    return prove(create, &guest, users_of(create, origin), &verdict, error) &&
           aqr_findings_count(verdict.findings, AQR_FAIL) == 0;
}

/* --- what would be done ------------------------------------------------ */

static char *
quote(char **argv)
{
    g_autoptr(GString) line = g_string_new(NULL);

    for (char **word = argv; *word != NULL; word++) {
        g_autofree char *quoted = g_shell_quote(*word);

        g_string_append_printf(line, "%s%s", line->len == 0 ? "" : " ", quoted);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

void
create_plan(const CreateOptions *options)
{
    g_autofree char *target = target_resolve(options->image);
    g_autofree char *draft = target_draft(target);
    g_auto(GStrv) argv = create_worker_argv(options, draft);
    g_autofree char *command = quote(argv);

    if (options->task == CREATE_UPDATE)
        g_print("make a copy of \"%s\", boot that, and have it install what is new\n",
                options->image);
    else if (options->task == CREATE_BUILD)
        g_print("%s\n", command);
    if (!options->no_check)
        g_print("boot \"%s\", without writing to it, and check it\n",
                options->task == CREATE_CHECK ? options->image : draft);
    if (options->task != CREATE_CHECK)
        g_print("rename \"%s\" to \"%s\", and write \"%s.json\"\n", draft, target, target);
}
