/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gpu-tree.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

/* "PATH = TEXT", lines of which end in "|"; "PATH -> TARGET"; "PATH : MODE". */
static void
make_file(const char *root, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    g_autofree char *path = g_build_filename(root, words[0], NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *text = NULL;

    ck_assert_uint_eq(g_strv_length(words), 3);
    ck_assert_int_eq(g_mkdir_with_parents(parent, 0755), 0);
    if (g_str_equal(words[1], "->")) {
        g_unlink(path);
        ck_assert_int_eq(symlink(words[2], path), 0);
        return;
    }
    text = g_strconcat(g_strdelimit(words[2], "|", '\n'), "\n", NULL);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    if (g_str_equal(words[1], ":"))
        ck_assert_int_eq(g_chmod(path, (mode_t)g_ascii_strtoull(text, NULL, 8)), 0);
}

void
gpu_tree_make(const char *root, const char *name)
{
    g_autofree char *path = g_build_filename("gpu-trees", name, NULL);
    g_autofree char *text = test_data_read(path, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        if (**line != '\0')
            make_file(root, *line);
    }
}
