/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/vm-spec.h"

/* Finds a root shell on the guest's serial consoles. autopkgtest's images run
 * one on hvc1 and one on ttyS1; others only let a user log in on ttyS0 or hvc0,
 * who then starts a shell on hvc1. Before that, GRUB may offer its menu on ttyS0.
 * It reads what the consoles print and says what to type; it knows no sockets and
 * no clock. */
typedef struct AqrGuestShell AqrGuestShell;

/* @user and @password log in where no shell is; NULL: nobody can. */
AqrGuestShell *aqr_guest_shell_new(const char *user,
                                   const char *password) G_GNUC_WARN_UNUSED_RESULT;
void aqr_guest_shell_free(AqrGuestShell *shell);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGuestShell, aqr_guest_shell_free)

/* The guest starts anew: forget what was read. */
void aqr_guest_shell_reset(AqrGuestShell *shell);

/* Takes what @console printed. (transfer full): what to type there now, or NULL. */
char *aqr_guest_shell_read(AqrGuestShell *shell, AqrSocket console, const char *bytes,
                           gsize length) G_GNUC_WARN_UNUSED_RESULT;

/* A login prompt is there, and somebody who may use it, but no root shell yet.
 * The caller gives the shell a moment, then calls aqr_guest_shell_log_in(). */
gboolean aqr_guest_shell_may_log_in(const AqrGuestShell *shell);

/* (transfer full): what to type on *@console to log in. */
char *aqr_guest_shell_log_in(AqrGuestShell *shell, AqrSocket *console) G_GNUC_WARN_UNUSED_RESULT;

/* Where the root shell is, once there is one. */
gboolean aqr_guest_shell_is_found(const AqrGuestShell *shell, AqrSocket *console);

/* Why there will not be any: the password was wrong, or a login prompt is there
 * and nobody to use it. NULL: there may still be. */
const char *aqr_guest_shell_problem(const AqrGuestShell *shell);
