/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/guest-login.h"

/* $1: the kind of terminal, $2: the locale, either may be empty. A guest has the terminals of
 * ncurses-base, and often one locale. */
#define ENVIRONMENT                                                             \
    "TERM=${1:-dumb}\n"                                                         \
    "if command -v tput >/dev/null && ! tput -T \"$TERM\" longname >/dev/null " \
    "2>&1; then\n"                                                              \
    "  TERM=xterm\n"                                                            \
    "fi\n"                                                                      \
    "LANG=$2\n"                                                                 \
    "if [ -n \"$(LC_ALL=$LANG locale 2>&1 >/dev/null)\" ]; then\n"              \
    "  case $LANG in *[Uu][Tt][Ff]*8*) LANG=C.UTF-8 ;; *) LANG=C ;; esac\n"     \
    "fi\n"                                                                      \
    "[ -n \"$LANG\" ] || LANG=C.UTF-8\n"                                        \
    "export TERM LANG\n"

/* $3: the user. su makes a session of logind's where there is one. */
#define SHELL ENVIRONMENT "exec su --login --whitelist-environment=LANG -- \"$3\"\n"

/* $3: the user; then the command. A new session would lose the terminal. */
#define COMMAND_OF_USER                                                         \
    ENVIRONMENT "user=$3\nshift 3\n"                                            \
                "exec su --login --whitelist-environment=LANG --shell=/bin/sh " \
                "--session-command='exec \"$0\" \"$@\"' -- \"$user\" \"$@\"\n"

/* As the agent runs it: its environment is root's, and sane. */
#define COMMAND_ON_TERMINAL ENVIRONMENT "shift 3\nexec \"$@\"\n"

static const char *
choose_script(const AqrGuestLogin *login, const char *user)
{
    if (login->command == NULL)
        return SHELL;
    return g_str_equal(user, "root") ? COMMAND_ON_TERMINAL : COMMAND_OF_USER;
}

GStrv
aqr_guest_login_argv(const AqrGuestLogin *login)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();
    const char *user = login->user == NULL ? "root" : login->user;
    gboolean as_it_is = login->command != NULL && g_str_equal(user, "root") && !login->terminal;
    const char *words[] = { "sh",
                            "-c",
                            choose_script(login, user),
                            "sh",
                            login->terminal && login->term != NULL ? login->term : "",
                            login->locale == NULL ? "" : login->locale,
                            user,
                            NULL };

    if (!as_it_is)
        g_strv_builder_addv(argv, words);
    if (login->command != NULL)
        g_strv_builder_addv(argv, (const char **)login->command);
    return g_strv_builder_end(argv);
}

/* setlocale(3) has that order. */
const char *
aqr_guest_login_locale(const char *lc_all, const char *lc_ctype, const char *lang)
{
    const char *const values[] = { lc_all, lc_ctype, lang };

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        if (values[i] != NULL && *values[i] != '\0')
            return values[i];
    }
    return NULL;
}
