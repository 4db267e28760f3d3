/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/qemu-process.h"

#include <string.h>

/* libvirt doubles a comma in a value, as QEMU wants it. */
static gboolean
is_option(const char *word, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, ",", -1);
    g_autofree char *escaped = g_strjoinv(",,", parts);
    g_autofree char *option = g_strconcat("guest=", escaped, NULL);
    gsize length = strlen(option);

    return g_str_has_prefix(word, option) &&
           (word[length] == '\0' || (word[length] == ',' && word[length + 1] != ','));
}

gboolean
aqr_qemu_process_is(GPid pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    g_autofree char *text = NULL;
    gboolean named = FALSE;
    gsize size = 0;

    if (pid <= 0 || !g_file_get_contents(path, &text, &size, NULL))
        return FALSE;
    for (const char *word = text; word < text + size; word += strlen(word) + 1) {
        if (named && is_option(word, name))
            return TRUE;
        named = g_str_equal(word, "-name");
    }
    return FALSE;
}

GPid
aqr_qemu_process_find(const char *name)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *entry;

    while (processes != NULL && (entry = g_dir_read_name(processes)) != NULL) {
        GPid pid = (GPid)g_ascii_strtoll(entry, NULL, 10);

        if (aqr_qemu_process_is(pid, name))
            return pid;
    }
    return 0;
}
