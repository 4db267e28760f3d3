/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/sysfs.h"

#include <fcntl.h>
#include <unistd.h>

char *
aqr_sysfs_read(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

gint64
aqr_sysfs_read_number(const char *dir, const char *name, gint64 otherwise)
{
    g_autofree char *text = aqr_sysfs_read(dir, name);
    char *end;
    gint64 number;

    if (text == NULL)
        return otherwise;
    number = g_ascii_strtoll(text, &end, g_str_has_prefix(text, "0x") ? 16 : 10);
    return end != text && *end == '\0' ? number : otherwise;
}

char *
aqr_sysfs_read_link(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *target = g_file_read_link(path, NULL);

    return target != NULL ? g_path_get_basename(target) : NULL;
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

GStrv
aqr_sysfs_list(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GDir) listed = g_dir_open(path, 0, NULL);
    GPtrArray *names = g_ptr_array_new();
    const char *entry;

    while (listed != NULL && (entry = g_dir_read_name(listed)) != NULL)
        g_ptr_array_add(names, g_strdup(entry));
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(names, FALSE);
}

GBytes *
aqr_sysfs_read_bytes(const char *dir, const char *name, gsize size)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree guint8 *bytes = g_malloc(size);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length;

    if (fd < 0)
        return NULL;
    length = read(fd, bytes, size);
    close(fd);
    return length > 0 ? g_bytes_new(bytes, (gsize)length) : NULL;
}
