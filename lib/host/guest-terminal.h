/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/guest-link.h"
#include "host/wait.h"

/* Runs @argv in the guest on a terminal that is the user's, /dev/tty: raw while
 * it runs, its size passed on, as before afterwards. AQR_ERROR_HOST where there
 * is no terminal. */
gboolean aqr_guest_terminal_run(AqrGuestLink *link, const char *const *argv,
                                const AqrPatience *patience, GError **error);

typedef enum {
    AQR_TERMINAL_ENDED, /* with a status */
    AQR_TERMINAL_LEFT,  /* the user typed the escape key, or has gone: it was killed */
    AQR_TERMINAL_LOST,  /* the guest has gone, or starts anew */
} AqrTerminalEnd;

#define AQR_TERMINAL_ESCAPE 0x1d /* Ctrl-], as of telnet and "virsh console" */

/* The same on stdin and stdout, which are terminals, until the escape key is typed. *@status is
 * 128 + N for signal N. */
gboolean aqr_guest_terminal_attach(AqrGuestLink *link, const char *const *argv,
                                   const AqrPatience *patience, AqrTerminalEnd *end, int *status,
                                   GError **error);
