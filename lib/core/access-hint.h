/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* (transfer full): by what commands somebody on the host gets into the guest. For
 * @user, NULL: root; by ssh through @ssh_port, 0: not. @exec_argv runs a command. */
char *aqr_access_hint(unsigned ssh_port, const char *user,
                      const char *const *exec_argv) G_GNUC_WARN_UNUSED_RESULT;
