/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rocm-qemu-create: an image that is proven before it is anybody's. */
#include <stdlib.h>

#include "aqr-config.h"
#include "base/error.h"
#include "cli/guardian.h"
#include "cli/program.h"
#include "draft.h"
#include "host/child.h"
#include "host/sweep.h"
#include "host/workdir.h"
#include "make.h"
#include "worker.h"

#define NAME "rocm-qemu-create"

static gboolean
print_sources(const Create *create, GError **error)
{
    const AqrPatience patience = aqr_patience(0, create->stop);
    g_auto(GStrv) argv = create_worker_argv(create->options, NULL);
    g_autofree char *text = aqr_child_run((const char *const *)argv, AQR_ERROR_HOST,
                                          "tell the sources", &patience, error);

    if (text == NULL)
        return FALSE;
    g_print("%s", text);
    return TRUE;
}

static gboolean
do_task(const Create *create, GError **error)
{
    switch (create->options->task) {
    case CREATE_CHECK:
        return create_check(create, error);
    case CREATE_UPDATE:
        return create_update(create, error);
    case CREATE_PRINT_SOURCES:
        return print_sources(create, error);
    case CREATE_BUILD:
    case CREATE_PRINT_VERSION:
        break;
    }
    return create_build(create, error);
}

/* --- under the guardian ------------------------------------------------ */

static int
run(const CreateOptions *options, int *signal_number)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    g_autoptr(AqrProgress) progress = aqr_progress_new(stderr);
    g_autoptr(AqrVmPlace) place = aqr_vm_place_new();
    const Create create = { options, stop, progress, place };
    gboolean good = stop != NULL && do_task(&create, &error);

    if (stop != NULL)
        *signal_number = aqr_stop_signal(stop);
    aqr_progress_end(progress, FALSE);
    if (error != NULL)
        aqr_program_say("%s", error->message);
    else if (!good && options->task != CREATE_CHECK)
        aqr_program_say("the image is not good, and \"%s\" is as it was", options->image);
    if (g_error_matches(error, AQR_ERROR, AQR_ERROR_USAGE))
        return 2;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A result that is there in time counts more than a signal. */
static int
work(gpointer data)
{
    int signal_number = 0;
    int status = run(data, &signal_number);

    return signal_number != 0 && status != EXIT_SUCCESS ? -signal_number : status;
}

static void
note(const char *text, G_GNUC_UNUSED gpointer data)
{
    aqr_program_say("%s", text);
}

/* What the worker cleans up itself if it lives to do it. */
static void
clean_up(gpointer data)
{
    const CreateOptions *options = data;

    if (options->task == CREATE_PRINT_SOURCES)
        return;
    aqr_sweep(aqr_workdir_socket_parent(), note, NULL);
    aqr_sweep(g_get_tmp_dir(), note, NULL);
    if (options->task == CREATE_CHECK)
        return;
    create_worker_sweep();
    create_draft_sweep(options->image);
}

int
main(G_GNUC_UNUSED int argc, char **argv)
{
    g_auto(CreateOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    aqr_program_start(NAME);
    if (!create_options_parse(&options, argv, &error)) {
        aqr_program_say("%s", error->message);
        return 2;
    }
    if (options.task == CREATE_PRINT_VERSION) {
        g_print("%s %s\n", NAME, AQR_VERSION);
        return EXIT_SUCCESS;
    }
    if (options.dry_run && options.task != CREATE_PRINT_SOURCES) {
        create_plan(&options);
        return EXIT_SUCCESS;
    }
    return aqr_guardian_run(work, clean_up, &options);
}
