/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/guest-link.h"
#include "host/wait.h"

/* Runs @argv in the guest, where it must succeed. Otherwise AQR_ERROR_GUEST says
 * that we cannot do @doing, and what it printed on stdout: a script that begins
 * with AQR_GUEST_SCRIPT has its complaints there, too. */
gboolean aqr_guest_script_run(AqrGuestLink *link, const char *doing, const char *const *argv,
                              const AqrPatience *patience, GError **error);

#define AQR_GUEST_SCRIPT "exec 2>&1\nset -e\n"
