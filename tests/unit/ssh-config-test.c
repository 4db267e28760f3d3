/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What ssh makes of it: it says so itself (-G), and runs the proxy's command. */
#include "core/ssh-config.h"

#include <string.h>
#include <sys/wait.h>

#include "support/check-main.h"

static char *dir, *file;

static void
set_up(void)
{
    dir = g_dir_make_tmp("aqr-ssh %h-XXXXXX", NULL);
    file = g_build_filename(dir, "config", NULL);
}

static void
tear_down(void)
{
    const char *const argv[] = { "rm", "-rf", dir, NULL };

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
    g_free(file);
    g_free(dir);
}

/* (transfer full): what "ssh @option testbed" writes, or complains. */
static char *
ask_ssh(const char *const *exec_argv, const char *option)
{
    const AqrSshConfig config = { "debci", exec_argv, "a 'b c' %h", dir };
    const char *const argv[] = { "ssh", option, "-F", file, AQR_SSH_HOST, NULL };
    g_autofree char *text = aqr_ssh_config(&config);
    g_autofree char *complaints = NULL;
    char *output = NULL;

    ck_assert(g_file_set_contents(file, text, -1, NULL));
    ck_assert(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                           &complaints, NULL, NULL));
    if (g_str_equal(option, "-G"))
        return output;
    g_free(output);
    return g_steal_pointer(&complaints);
}

START_TEST(is_read_by_ssh)
{
    static const char *const exec_argv[] = { "/bin/true", NULL };
    g_autofree char *said = ask_ssh(exec_argv, "-G");
    g_autofree char *key = g_strdup_printf("\nidentityfile %s/ssh-key\n", dir);
    g_autoptr(GString) expected = g_string_new(key);

    g_string_replace(expected, "%", "%%", 0);
    ck_assert_ptr_nonnull(strstr(said, "\nuser debci\n"));
    ck_assert_msg(strstr(said, expected->str) != NULL || strstr(said, key) != NULL, "%s", said);
    ck_assert_ptr_nonnull(strstr(said, "\nstricthostkeychecking true\n"));
}
END_TEST

/* The command shows its words on stderr, which is the user's. */
START_TEST(runs_the_command)
{
    static const char *const exec_argv[] = { "/bin/sh",    "-c",   "printf '<%s>' \"$@\" >&2",
                                             "100% $HOME", "it's", NULL };
    g_autofree char *said = ask_ssh(exec_argv, "-T");

    ck_assert_msg(strstr(said, "<it's><a><b c><%h>") != NULL, "%s", said);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, is_read_by_ssh);
    tcase_add_test(tcase, runs_the_command);
}
