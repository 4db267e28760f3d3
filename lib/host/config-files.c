/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/config-files.h"

#include <gio/gio.h>
#include <sys/stat.h>

static void
tell_unreadable(const AqrConfigRoot *root, const char *message)
{
    if (root->unreadable != NULL)
        g_ptr_array_add(root->unreadable, g_strdup(message));
}

/* A fifo or a device would hold us up. A file may be masked by a link to /dev/null. */
static void
read_file(const AqrConfigRoot *root, const char *file, AqrTakeText take, gpointer data)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    struct stat status;

    if (stat(file, &status) == 0 && !S_ISREG(status.st_mode))
        return;
    if (g_file_get_contents(file, &text, NULL, &error))
        take(text, data);
    else if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT) &&
             !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR))
        tell_unreadable(root, error->message);
}

void
aqr_config_file_read(const AqrConfigRoot *root, const char *path, AqrTakeText take, gpointer data)
{
    g_autofree char *file = g_build_filename(root->root, path, NULL);

    read_file(root, file, take, data);
}

static void
list_directory(const AqrConfigRoot *root, const char *directory, const char *suffix,
               GHashTable *files)
{
    g_autofree char *path = g_build_filename(root->root, directory, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    const char *name;

    if (dir == NULL) {
        if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            tell_unreadable(root, error->message);
        return;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(name, suffix) && !g_hash_table_contains(files, name))
            g_hash_table_insert(files, g_strdup(name), g_build_filename(path, name, NULL));
    }
}

static gint
compare_names(gconstpointer one, gconstpointer other)
{
    return g_strcmp0(one, other);
}

void
aqr_config_files_read(const AqrConfigRoot *root, const char *const *directories, const char *suffix,
                      AqrTakeText take, gpointer data)
{
    g_autoptr(GHashTable) files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GList) names = NULL;

    for (const char *const *directory = directories; *directory != NULL; directory++)
        list_directory(root, *directory, suffix, files);
    names = g_list_sort(g_hash_table_get_keys(files), compare_names);
    for (GList *name = names; name != NULL; name = name->next)
        read_file(root, g_hash_table_lookup(files, name->data), take, data);
}
