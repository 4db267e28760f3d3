/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host-user.h"

/* Looks @name up in the host's databases (nsswitch.conf). @home (transfer full) may be
 * NULL. @user->exists is FALSE where there is none. */
void aqr_host_user_look_up(const char *name, AqrHostUser *user, char **home);

/* (transfer full): for whom a program runs that somebody may have started by sudo. */
char *aqr_host_user_behind(void) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the process is of @user. */
gboolean aqr_host_user_is_caller(const AqrHostUser *user);

/* Of his groups, those that this process is not in; (transfer full), NULL: none. */
GStrv aqr_host_user_missing_groups(const AqrHostUser *user) G_GNUC_WARN_UNUSED_RESULT;
