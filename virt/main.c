/* SPDX-License-Identifier: GPL-2.0-or-later */

/* autopkgtest-virt-qemu-rocm: options in, wiring, exit status out. */
#include <signal.h>
#include <stdlib.h>

#include "aqr-config.h"
#include "base/error.h"
#include "cli/program.h"
#include "cli/with-testbed.h"
#include "host/auxverb.h"
#include "serve.h"

#define NAME "autopkgtest-virt-qemu-rocm"

/* What goes wrong before the server has greeted. */
static int
exit_status_before_greeting(const GError *error)
{
    return g_error_matches(error, AQR_ERROR, AQR_ERROR_USAGE) ? 2 : 1;
}

static AqrGuestLink *
find_link(gpointer data)
{
    return aqr_live_world_get_link(data);
}

typedef struct {
    AqrStop *stop;
    gboolean greeted;
} Conversation;

/* Everything that has a life during the conversation. */
static gboolean
converse(AqrTestbed *testbed, AqrLiveWorld *world, const AqrLiveConfig *config, gpointer data,
         GError **error)
{
    Conversation *conversation = data;
    g_autoptr(AqrAuxverb) auxverb = aqr_auxverb_new(config->exec_argv[1], find_link, world, error);
    g_autoptr(AqrSession) session = NULL;
    gboolean done;

    if (auxverb == NULL)
        return FALSE;
    session = aqr_session_new(testbed);
    conversation->greeted = TRUE;
    done = aqr_serve(session, conversation->stop, error);
    aqr_testbed_close(testbed); /* its commands end before the socket goes */
    return done;
}

/* The exit status; *@signal_number is what to die of instead, or 0. */
static int
run(const AqrVmOptions *options, int *signal_number)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    Conversation conversation = { .stop = stop };
    gboolean done =
        stop != NULL && aqr_with_testbed(options, stop, converse, &conversation, &error);

    if (stop != NULL)
        *signal_number = aqr_stop_signal(stop);
    if (done)
        return EXIT_SUCCESS;
    aqr_program_say("failure: %s", error->message);
    return conversation.greeted ? aqr_error_exit_status(error) : exit_status_before_greeting(error);
}

int
main(int argc, char **argv)
{
    g_auto(AqrVmOptions) options = { 0 };
    g_autoptr(GError) error = NULL;
    int signal_number = 0;
    int status;

    aqr_program_start(NAME);
    if (!aqr_vm_options_parse(
            &options, argc, argv, "Runs autopkgtest's testbeds in virtual machines of libvirt.",
            "Example:\n  autopkgtest rocrand -- qemu-rocm --gpu=gfx1030 sid.qcow2\n\n"
            "See autopkgtest-virt-qemu-rocm(1).",
            &error)) {
        aqr_program_say("%s", error->message);
        return exit_status_before_greeting(error);
    }
    if (options.version) {
        g_print("%s %s\n", NAME, AQR_VERSION);
        return EXIT_SUCCESS;
    }
    aqr_program_set_debug(options.debug);
    if (aqr_vm_options_remark(&options) != NULL)
        aqr_program_say("%s", aqr_vm_options_remark(&options));
    status = run(&options, &signal_number);
    if (signal_number != 0)
        raise(signal_number);
    return status;
}
