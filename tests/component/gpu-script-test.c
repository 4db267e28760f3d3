/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The script that tells a guest's facts, run by the shells that guests have over trees of
 * files: gpu-trees/NAME says which, and fuzz/corpus/gpu-facts/NAME what must be said of
 * them. */
#include <glib/gstdio.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "core/gpu-facts.h"
#include "gpu-tree.h"
#include "support/check-main.h"
#include "support/data.h"

static char *dir;
static GStrv trees;

/* A test may not make devices, nor give files to somebody else. */
static char *
pretend(char *facts)
{
    const struct group *group = getgrgid(getegid());
    g_autofree char *ours = g_strdup_printf(" %s %s\n", g_get_user_name(), group->gr_name);
    g_autoptr(GString) text = g_string_new(facts);

    g_string_replace(text, ours, " root render\n", 0);
    g_string_replace(text, "kfd -rw", "kfd crw", 0);
    for (int minor = 128; minor < 136; minor++) {
        g_autofree char *from = g_strdup_printf("renderD%d -rw", minor);
        g_autofree char *to = g_strdup_printf("renderD%d crw", minor);

        g_string_replace(text, from, to, 0);
    }
    g_free(facts);
    return g_strdup(text->str);
}

/* Without a PATH beside the applets of its own. */
static char *
run_script(const char *const *shell)
{
    g_autofree char *root = g_build_filename(dir, "root", NULL);
    g_autofree char *bin = g_build_filename(dir, "bin", NULL);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C", TRUE);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    char *output = NULL;
    int status = -1;

    for (; *shell != NULL; shell++)
        g_ptr_array_add(argv, (char *)*shell);
    g_ptr_array_add(argv, (char *)"-c");
    g_ptr_array_add(argv, (char *)aqr_gpu_facts_script);
    g_ptr_array_add(argv, (char *)"sh");
    g_ptr_array_add(argv, root);
    g_ptr_array_add(argv, (char *)"");
    g_ptr_array_add(argv, NULL);
    if (g_str_equal(argv->pdata[0], "/bin/busybox"))
        environment = g_environ_setenv(environment, "PATH", bin, TRUE);
    g_spawn_sync(dir, (char **)argv->pdata, environment, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL,
                 &status, &error);
    ck_assert_no_error(error);
    ck_assert_int_eq(status, 0);
    return pretend(output);
}

static const char *const shells[][3] = {
    { "/bin/dash" },
    { "/bin/bash", "--posix" },
    { "/bin/busybox", "sh" },
};

START_TEST(tells_facts)
{
    const char *name = trees[(gsize)_i / G_N_ELEMENTS(shells)];
    g_autofree char *wanted = g_build_filename("fuzz", "corpus", "gpu-facts", name, NULL);
    g_autofree char *root = g_build_filename(dir, "root", NULL);
    g_autofree char *facts = NULL;

    gpu_tree_make(root, name);
    facts = run_script(shells[(gsize)_i % G_N_ELEMENTS(shells)]);
    test_data_compare(wanted, facts);
}
END_TEST

static void
set_up(void)
{
    static const char *const applets[] = { "grep", "ls", "readlink" };

    dir = test_make_dir();
    for (gsize i = 0; i < G_N_ELEMENTS(applets); i++) {
        g_autofree char *bin = g_build_filename(dir, "bin", NULL);
        g_autofree char *path = g_build_filename(bin, applets[i], NULL);

        ck_assert_int_eq(g_mkdir_with_parents(bin, 0755), 0);
        ck_assert_int_eq(symlink("/bin/busybox", path), 0);
    }
}

static void
tear_down(void)
{
    test_remove_dir(dir);
}

void
add_tests(TCase *tcase)
{
    trees = test_data_list("gpu-trees");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, tells_facts, 0, (int)(g_strv_length(trees) * G_N_ELEMENTS(shells)));
}
