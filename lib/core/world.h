/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/copy.h"

typedef enum {
    AQR_COPY_DONE,
    AQR_COPY_FAILED,
    AQR_COPY_TIMED_OUT,
} AqrCopyResult;

/* How a VM comes to run. */
typedef enum {
    AQR_START_COLD,     /* it boots */
    AQR_START_RESTORED, /* it was saved once it was up: it goes on from there, without GPUs */
    AQR_START_TO_SAVE,  /* it boots, to be saved when it is up, without GPUs */
} AqrStart;

/* What is asked of a testbed, for those who read of it later. */
typedef enum {
    AQR_STEP_OPEN,
    AQR_STEP_REVERT,
    AQR_STEP_REBOOT,
    AQR_STEP_COPY,
    AQR_STEP_CLOSE,
} AqrStep;

/* What a testbed needs of the world. The live one (host/live-world) is made of
 * libvirt and the guest link; a test passes a fake that writes down what it was
 * asked. Each function blocks until it is done, has failed, or was told to stop.
 * Time-outs are in microseconds; 0: none. */
typedef struct {
    /* Gets the GPUs that the testbed is to have, and waits for them as long as the user
     * will. They stay its own until give_gpus_back(), over any number of VMs. */
    gboolean (*take_gpus)(gpointer world, GError **error);
    void (*give_gpus_back)(gpointer world);

    /* Starts the VM over a fresh overlay; *@how is at most @most. */
    gboolean (*start)(gpointer world, AqrStart most, AqrStart *how, GError **error);

    /* Waits until commands can be run in the guest that boots, and its start is complete. */
    gboolean (*wait_guest)(gpointer world, GError **error);

    /* Saves the VM that was started for it, and ends it (*@ended): start() can restore it then.
     * If it cannot be saved the log is told, and it goes on unless it *@ended all the same. FALSE
     * where the user will have no other than a saved one. */
    gboolean (*save)(gpointer world, gboolean *ended, GError **error);

    /* Gives the guest what the user wants to see in it besides its disks. */
    gboolean (*furnish)(gpointer world, GError **error);

    /* Plugs the GPUs into a VM that was restored. */
    gboolean (*plug_gpus)(gpointer world, GError **error);

    /* Waits until the GPUs work in the guest; the error says what is wrong with them. */
    gboolean (*wait_gpus)(gpointer world, GError **error);

    /* What was restored, or started to be saved, does not work (@why): whether to try with a VM
     * that only boots. @gpus_only: it does, but for the GPUs; otherwise what it came from is not
     * used again. And that it was right to, as the GPUs work in that one. */
    gboolean (*may_boot_instead)(gpointer world, gboolean gpus_only, const GError *why);
    void (*had_to_boot)(gpointer world, const GError *why);

    /* Runs @argv to its end. Its stdout without trailing newlines in *@output
     * (transfer full), which may be NULL; its exit status in *@status. */
    gboolean (*run)(gpointer world, const char *const *argv, gint64 timeout, char **output,
                    int *status, GError **error);

    /* FALSE and @error only when the testbed itself is lost. */
    gboolean (*copy)(gpointer world, const AqrCopy *copy, gint64 timeout, AqrCopyResult *result,
                     GError **error);

    /* Makes the guest ready for a restart, which is expected from here on;
     * wait_reboot() waits for it. */
    gboolean (*expect_reboot)(gpointer world, GError **error);
    gboolean (*wait_reboot)(gpointer world, GError **error);

    /* The program and arguments that run a command in the guest (transfer none);
     * of characters only that survive autopkgtest's coding. */
    const char *const *(*exec_argv)(gpointer world);

    /* Tells the log how @user, NULL: root, gets into the guest from outside. */
    void (*tell_access)(gpointer world, const char *user);

    /* A line for the log. */
    void (*note)(gpointer world, const char *text);

    /* Writes down that @step begins (@begins), or that it has ended, with @error if it failed. */
    void (*record)(gpointer world, AqrStep step, gboolean begins, const GError *error);

    /* Runs @argv on the user's terminal. */
    gboolean (*shell)(gpointer world, const char *const *argv, GError **error);

    /* Tells the log what may explain a failure. */
    void (*explain)(gpointer world);

    /* Ends the VM and removes everything of it. @orderly: lets the guest power
     * itself off first, if it does so in time. Harmless without a VM. */
    void (*stop)(gpointer world, gboolean orderly);
} AqrWorld;
