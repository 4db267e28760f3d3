/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/data.h"

#include <stdlib.h>

#include "support/check-main.h"

char *
test_data_path(const char *name)
{
    const char *root = g_getenv("AQR_TEST_DATA");

    if (root == NULL)
        g_error("AQR_TEST_DATA must name the directory tests/");
    return g_build_filename(root, name, NULL);
}

char *
test_data_read(const char *name, gsize *length)
{
    g_autofree char *path = test_data_path(name);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, length, &error);
    ck_assert_no_error(error);
    return text;
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/* Outside of a test, where check's assertions cannot be used. */
GStrv
test_data_list(const char *dir)
{
    g_autofree char *path = test_data_path(dir);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) listed = g_dir_open(path, 0, &error);
    GPtrArray *names = g_ptr_array_new();
    const char *name;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(listed)) != NULL)
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(names, FALSE);
}

/* The first line that differs tells more than two long texts. */
static void
compare_lines(const char *name, const char *text, const char *golden)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) wanted = g_strsplit(golden, "\n", -1);

    for (gsize i = 0; lines[i] != NULL || wanted[i] != NULL; i++) {
        ck_assert_msg(g_strcmp0(lines[i], wanted[i]) == 0, "%s:%" G_GSIZE_FORMAT ": \"%s\"", name,
                      i + 1, lines[i]);
        if (lines[i] == NULL)
            return;
    }
}

void
test_data_compare(const char *name, const char *text)
{
    g_autofree char *path = test_data_path(name);
    g_autofree char *golden = NULL;
    g_autoptr(GError) error = NULL;

    if (g_getenv("AQR_REGENERATE") != NULL)
        g_file_set_contents(path, text, -1, &error);
    ck_assert_no_error(error);
    golden = test_data_read(name, NULL);
    compare_lines(name, text, golden);
}

char *
test_make_dir(void)
{
    g_autoptr(GError) error = NULL;
    char *dir = g_dir_make_tmp("aqr-test.XXXXXX", &error);

    ck_assert_no_error(error);
    return dir;
}

void
test_remove_dir(char *dir)
{
    const char *argv[] = { "rm", "-rf", "--", dir, NULL };

    ck_assert(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           NULL, NULL));
    g_free(dir);
}
