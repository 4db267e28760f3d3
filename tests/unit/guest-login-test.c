/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/guest-login.h"

#include <string.h>

#include "support/check-main.h"

static const char *const command[] = { "printf", "%s", "a b", NULL };

static const struct {
    AqrGuestLogin login;
    const char *run_by; /* the last line of the script; NULL: there is none */
    const char *words;  /* behind it */
} rows[] = {
    { { .command = command }, NULL, "printf|%s|a b" },
    { { .user = "root", .command = command, .locale = "C.UTF-8" }, NULL, "printf|%s|a b" },
    { { .command = command, .terminal = TRUE, .term = "foot", .locale = "C" },
      "exec \"$@\"\n",
      "sh|foot|C|root|printf|%s|a b" },
    { { .user = "debci", .command = command, .term = "foot" },
      "-- \"$user\" \"$@\"\n",
      "sh|||debci|printf|%s|a b" },
    { { .terminal = TRUE, .term = "xterm", .locale = "de_DE.UTF-8" },
      "-- \"$3\"\n",
      "sh|xterm|de_DE.UTF-8|root" },
    { { .user = "debci" }, "-- \"$3\"\n", "sh|||debci" },
};

START_TEST(makes)
{
    g_auto(GStrv) argv = aqr_guest_login_argv(&rows[_i].login);
    gboolean by_script = rows[_i].run_by != NULL;
    g_autofree char *words = g_strjoinv("|", argv + (by_script ? 3 : 0));

    ck_assert_str_eq(words, rows[_i].words);
    if (!by_script)
        return;
    ck_assert_str_eq(argv[0], "sh");
    ck_assert_str_eq(argv[1], "-c");
    ck_assert_msg(g_str_has_suffix(argv[2], rows[_i].run_by), "%s", argv[2]);
}
END_TEST

/* What the script makes of what the terminal and the locale are here, where such as "C.UTF-8"
 * are known to any Debian. */
static const struct {
    const char *term, *locale, *says;
} environments[] = {
    { "vt100", "C.UTF-8", "vt100 C.UTF-8\n" },
    { "no-such-terminal", "xx_YY.UTF-8", "xterm C.UTF-8\n" },
    { NULL, "xx_YY.ISO-8859-1", "dumb C\n" },
    { "vt100", NULL, "vt100 C.UTF-8\n" },
    { "vt100", "POSIX", "vt100 POSIX\n" },
};

START_TEST(chooses_environment)
{
    static const char *const show[] = { "sh", "-c", "echo \"$TERM $LANG\"", NULL };
    const AqrGuestLogin login = {
        .command = show,
        .terminal = TRUE,
        .term = environments[_i].term,
        .locale = environments[_i].locale,
    };
    g_auto(GStrv) argv = aqr_guest_login_argv(&login);
    g_autofree char *output = NULL;

    ck_assert(
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, NULL, NULL));
    ck_assert_str_eq(output, environments[_i].says);
}
END_TEST

static const struct {
    const char *lc_all, *lc_ctype, *lang, *locale;
} locales[] = {
    { NULL, NULL, NULL, NULL },
    { "", "", "", NULL },
    { NULL, NULL, "de_DE.UTF-8", "de_DE.UTF-8" },
    { "", "fr_FR.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8" },
    { "C", "fr_FR.UTF-8", "de_DE.UTF-8", "C" },
};

START_TEST(finds_locale)
{
    ck_assert_pstr_eq(
        aqr_guest_login_locale(locales[_i].lc_all, locales[_i].lc_ctype, locales[_i].lang),
        locales[_i].locale);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, makes, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tcase, chooses_environment, 0, G_N_ELEMENTS(environments));
    tcase_add_loop_test(tcase, finds_locale, 0, G_N_ELEMENTS(locales));
}
