/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/process.h"

#include <glib-unix.h>
#include <poll.h>
#include <string.h>

#define PARENT_FIELD 4
#define START_FIELD 22
#define FIRST_FIELD 3 /* behind the name, which may hold anything */

static guint64
read_field(GPid pid, guint field)
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
    if (g_strv_length(fields) <= field - FIRST_FIELD)
        return 0;
    return g_ascii_strtoull(fields[field - FIRST_FIELD], NULL, 10);
}

guint64
aqr_process_start(GPid pid)
{
    return read_field(pid, START_FIELD);
}

GPid
aqr_process_parent(GPid pid)
{
    return (GPid)read_field(pid, PARENT_FIELD);
}

gboolean
aqr_process_is(GPid pid, guint64 start)
{
    return start != 0 && aqr_process_start(pid) == start;
}

static gboolean
has_ended(gpointer data)
{
    struct pollfd ended = { .fd = *(int *)data, .events = POLLIN };

    return poll(&ended, 1, 0) > 0;
}

/* Only has to wake the main context up. */
static gboolean
wake(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition, G_GNUC_UNUSED gpointer data)
{
    return G_SOURCE_CONTINUE;
}

gboolean
aqr_process_wait(int fd, const AqrPatience *patience)
{
    guint source = g_unix_fd_add(fd, G_IO_IN, wake, NULL);
    gboolean ended = aqr_wait_until(has_ended, &fd, "a process", patience, NULL);

    g_source_remove(source);
    return ended;
}
