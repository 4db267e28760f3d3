/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/world.h"

/* The functions of host/live-world's AqrWorld that do something in the guest. */
gboolean aqr_live_guest_wait(gpointer data, GError **error);
gboolean aqr_live_guest_furnish(gpointer data, GError **error);
gboolean aqr_live_guest_run(gpointer data, const char *const *argv, gint64 timeout, char **output,
                            int *status, GError **error);
gboolean aqr_live_guest_copy(gpointer data, const AqrCopy *what, gint64 timeout,
                             AqrCopyResult *result, GError **error);
gboolean aqr_live_guest_expect_reboot(gpointer data, GError **error);
gboolean aqr_live_guest_wait_reboot(gpointer data, GError **error);
const char *const *aqr_live_guest_exec_argv(gpointer data);
void aqr_live_guest_tell_access(gpointer data, const char *user);
void aqr_live_guest_note(gpointer data, const char *text);
gboolean aqr_live_guest_shell(gpointer data, const char *const *argv, GError **error);
void aqr_live_guest_explain(gpointer data);
