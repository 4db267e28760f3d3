/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/process.h"

#include <string.h>

#define START_FIELD 22
#define FIRST_FIELD 3 /* behind the name, which may hold anything */

guint64
aqr_process_start(GPid pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    g_auto(GStrv) fields = NULL;
    const char *rest;

    if (pid <= 0 || !g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    rest = strrchr(text, ')');
    if (rest == NULL || rest[1] != ' ')
        return 0;
    fields = g_strsplit(rest + 2, " ", -1);
    if (g_strv_length(fields) <= START_FIELD - FIRST_FIELD)
        return 0;
    return g_ascii_strtoull(fields[START_FIELD - FIRST_FIELD], NULL, 10);
}

gboolean
aqr_process_is(GPid pid, guint64 start)
{
    return start != 0 && aqr_process_start(pid) == start;
}
