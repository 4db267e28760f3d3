/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rocm-qemu-run: the VM that tests have, for a person. */
#include <signal.h>
#include <stdlib.h>

#include "aqr-config.h"
#include "base/error.h"
#include "by-hand.h"
#include "cli/program.h"
#include "host/ssh-forward.h"
#include "options.h"
#include "warm-files.h"

#define NAME "rocm-qemu-run"

/* As ssh's: no command ends with it by accident. */
#define STATUS_BESIDE_COMMAND 255

static int
fail(const RunOptions *options, const GError *error)
{
    aqr_program_say("%s", error->message);
    if (g_error_matches(error, AQR_ERROR, AQR_ERROR_USAGE))
        return 2;
    return options->args.command == NULL ? EXIT_FAILURE : STATUS_BESIDE_COMMAND;
}

/* The exit status; *@signal_number is what to die of instead, or 0. */
static int
run_vm(const RunOptions *options, int *signal_number)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    ByHand by = { .options = options, .stop = stop };
    gboolean done =
        stop != NULL &&
        (options->ssh_port == 0 || aqr_ssh_forward_check((unsigned)options->ssh_port, &error)) &&
        aqr_with_testbed(&options->vm, stop, by_hand, &by, &error);

    if (stop != NULL)
        *signal_number = aqr_stop_signal(stop);
    if (done)
        return by.status;
    return fail(options, error);
}

static int
run(const RunOptions *options, int *signal_number)
{
    g_autoptr(GError) error = NULL;

    if (options->vm.version) {
        g_print("%s %s\n", NAME, AQR_VERSION);
        return EXIT_SUCCESS;
    }
    if (!options->list && options->drop == NULL)
        return run_vm(options, signal_number);
    return warm_files_run(options, &error) ? EXIT_SUCCESS : fail(options, error);
}

int
main(G_GNUC_UNUSED int argc, char **argv)
{
    g_auto(RunOptions) options = { 0 };
    g_autoptr(GError) error = NULL;
    int signal_number = 0;
    int status;

    aqr_program_start(NAME);
    if (!run_options_parse(&options, argv, &error))
        return fail(&(RunOptions){ 0 }, error);
    aqr_program_set_debug(options.vm.debug);
    if (aqr_vm_options_remark(&options.vm) != NULL)
        aqr_program_say("%s", aqr_vm_options_remark(&options.vm));
    status = run(&options, &signal_number);
    if (signal_number != 0)
        raise(signal_number);
    return status;
}
