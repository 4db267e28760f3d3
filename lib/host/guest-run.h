/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/guest-command.h"
#include "host/wait.h"

/* Runs @argv in the guest to its end, without stdin; its stderr is dropped.
 * @output (transfer full), NULL where nobody wants it: its stdout without
 * trailing newlines. A command that outlasts the patience is killed. */
gboolean aqr_guest_run(AqrGuestLink *link, const char *const *argv, const AqrPatience *patience,
                       char **output, int *status, GError **error);

/* All that @argv writes, if it ends well in time and that is @most bytes or less; transfer full.
 * NULL: AQR_ERROR_GUEST; AQR_ERROR_HOST without the memory for it. */
GBytes *aqr_guest_run_fetch(AqrGuestLink *link, const char *const *argv, gsize most,
                            const AqrPatience *patience, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* A command that is waited for: for callers that give it fds of their own.
 * Every ending goes through aqr_guest_job_end(), which kills what still runs. */
typedef struct {
    AqrGuestCommand *command; /* NULL once it has ended */
    gboolean ended;
    int status;     /* -1: the guest was lost */
    int host_error; /* see aqr_guest_command_host_error() */
} AqrGuestJob;

void aqr_guest_job_start(AqrGuestJob *job, AqrGuestLink *link, const char *const *argv,
                         gboolean terminal, const int fds[3]);
void aqr_guest_job_end(AqrGuestJob *job);
