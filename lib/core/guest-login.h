/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What a person runs in a guest, as ssh would: a login shell, or a command as it is. */
typedef struct {
    const char *user;           /* NULL: root */
    const char *const *command; /* NULL: a login shell */
    gboolean terminal;          /* it gets one */
    const char *term;           /* the terminal's kind here, $TERM; NULL: unknown */
    const char *locale;         /* the locale here, "de_DE.UTF-8"; NULL: none */
} AqrGuestLogin;

/* (transfer full): for the agent. The guest need not know that kind of terminal, or that locale:
 * then one that it does know serves. */
GStrv aqr_guest_login_argv(const AqrGuestLogin *login) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer none): the locale that these variables come to, each NULL or empty if it is not set;
 * NULL: none. */
const char *aqr_guest_login_locale(const char *lc_all, const char *lc_ctype, const char *lang);
