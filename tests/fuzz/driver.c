/* SPDX-License-Identifier: GPL-2.0-or-later */

/* NAME-fuzz FILE-OR-DIRECTORY...: runs a fuzz target over its corpus as a plain
 * test: each file, and each beginning of it. To fuzz: ./run. */
#include "fuzz.h"

#include <stdlib.h>

static unsigned n_files;

/* A copy of exactly its size: reading behind its end is then seen by a sanitizer. */
static void
run_beginning(const char *bytes, gsize length)
{
    g_autofree guint8 *copy = g_memdup2(bytes, length);

    LLVMFuzzerTestOneInput(copy, length);
}

static void
run_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize length;

    if (!g_file_get_contents(path, &bytes, &length, &error))
        g_error("%s", error->message);
    for (gsize i = 0; i <= length; i++)
        run_beginning(bytes, i);
    n_files++;
}

static void
run_path(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    if (dir == NULL) {
        run_file(path);
        return;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        run_file(file);
    }
}

int
main(int argc, char **argv)
{
    LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    g_print("%u files\n", n_files);
    return n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
