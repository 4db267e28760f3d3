/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/guest-link.h"
#include "host/wait.h"

/* Runs @argv in the guest on a terminal that is the user's, /dev/tty: raw while
 * it runs, its size passed on, as before afterwards. AQR_ERROR_HOST where there
 * is no terminal. */
gboolean aqr_guest_terminal_run(AqrGuestLink *link, const char *const *argv,
                                const AqrPatience *patience, GError **error);
