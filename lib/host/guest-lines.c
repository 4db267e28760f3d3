/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest-lines.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>

#include "base/error.h"
#include "host/guest-run.h"

#define MAX_LINE 4096

struct AqrGuestLines {
    AqrGuestJob job;
    int fd;       /* what it writes; -1: that has ended */
    guint source; /* 0: likewise */
    GString *line;
    void (*take)(const char *line, gpointer data);
    gpointer data;
};

static void
take_byte(AqrGuestLines *lines, char byte)
{
    if (byte == '\n') {
        lines->take(lines->line->str, lines->data);
        g_string_truncate(lines->line, 0);
    } else if (lines->line->len < MAX_LINE) {
        g_string_append_c(lines->line, byte == '\0' ? ' ' : byte);
    }
}

static void
close_output(AqrGuestLines *lines)
{
    if (lines->fd >= 0)
        close(lines->fd);
    lines->fd = -1;
    lines->source = 0;
}

static gboolean
read_output(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrGuestLines *lines = data;
    char bytes[8192];
    ssize_t got = read(fd, bytes, sizeof bytes);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (got <= 0) {
        if (lines->line->len > 0)
            take_byte(lines, '\n');
        close_output(lines);
        return G_SOURCE_REMOVE;
    }
    for (ssize_t i = 0; i < got; i++)
        take_byte(lines, bytes[i]);
    return G_SOURCE_CONTINUE;
}

AqrGuestLines *
aqr_guest_lines_start(AqrGuestLink *link, const char *const *argv,
                      void (*take)(const char *line, gpointer data), gpointer data, GError **error)
{
    AqrGuestLines *lines;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "no pipe for a command's output: %s",
                    g_strerror(errno));
        return NULL;
    }
    lines = g_new0(AqrGuestLines, 1);
    lines->line = g_string_new(NULL);
    lines->take = take;
    lines->data = data;
    lines->fd = ends[0];
    lines->source = g_unix_fd_add(ends[0], G_IO_IN | G_IO_HUP, read_output, lines);
    aqr_guest_job_start(&lines->job, link, argv, FALSE, (const int[]){ -1, ends[1], -1 });
    close(ends[1]); /* the command has a duplicate: with it goes the last one */
    return lines;
}

gboolean
aqr_guest_lines_have_ended(const AqrGuestLines *lines)
{
    return lines->fd < 0;
}

void
aqr_guest_lines_free(AqrGuestLines *lines)
{
    if (lines == NULL)
        return;
    aqr_guest_job_end(&lines->job);
    if (lines->source != 0)
        g_source_remove(lines->source);
    close_output(lines);
    g_string_free(lines->line, TRUE);
    g_free(lines);
}
