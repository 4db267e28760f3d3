/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/stat.h>
#include <unistd.h>

/* As much as a pipe that poll() calls writable takes without blocking. */
#define SAFE_WRITE 4096u

struct AqrSink {
    int fd;
    gboolean may_block; /* the fd could not be made non-blocking */
    gboolean broken;
    int error;
    GByteArray *waiting;
    guint source;
    AqrSinkGone gone;
    gpointer data;
};

int
aqr_sink_open_fd(int fd, int mode)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    struct stat status;

    if (fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || isatty(fd))) {
        int again = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        if (again >= 0)
            return again;
    }
    return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

AqrSink *
aqr_sink_new(int fd, AqrSinkGone gone, gpointer data)
{
    AqrSink *sink = g_new0(AqrSink, 1);
    int flags = fcntl(fd, F_GETFL);
    struct stat status;

    sink->fd = fd;
    sink->may_block = flags >= 0 && (flags & O_NONBLOCK) == 0 && fstat(fd, &status) == 0 &&
                      !S_ISREG(status.st_mode);
    sink->waiting = g_byte_array_new();
    sink->gone = gone;
    sink->data = data;
    return sink;
}

void
aqr_sink_free(AqrSink *sink)
{
    if (sink == NULL)
        return;
    if (sink->source != 0)
        g_source_remove(sink->source);
    close(sink->fd);
    g_byte_array_unref(sink->waiting);
    g_free(sink);
}

/* How many of the bytes went. */
static gsize
try_write(AqrSink *sink, const guint8 *bytes, gsize length)
{
    ssize_t written;

    if (sink->broken)
        return length;
    written = write(sink->fd, bytes, sink->may_block ? MIN(length, SAFE_WRITE) : length);
    if (written >= 0)
        return (gsize)written;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    sink->broken = TRUE;
    sink->error = errno == EPIPE ? 0 : errno;
    return length;
}

static gboolean
write_waiting(G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrSink *sink = data;
    gsize gone = try_write(sink, sink->waiting->data, sink->waiting->len);
    gboolean empty = gone == sink->waiting->len;

    if (gone > 0)
        g_byte_array_remove_range(sink->waiting, 0, (guint)gone);
    if (empty)
        sink->source = 0;
    if (gone > 0)
        sink->gone(gone, sink->broken, sink->data); /* may free the sink */
    return empty ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

void
aqr_sink_write(AqrSink *sink, const void *bytes, gsize length)
{
    gsize gone = 0;

    if (sink->source == 0 && !sink->may_block)
        gone = try_write(sink, bytes, length);
    if (gone < length) {
        g_byte_array_append(sink->waiting, (const guint8 *)bytes + gone, (guint)(length - gone));
        if (sink->source == 0)
            sink->source = g_unix_fd_add(sink->fd, G_IO_OUT, write_waiting, sink);
    }
    if (gone > 0)
        sink->gone(gone, sink->broken, sink->data);
}

void
aqr_sink_clear(AqrSink *sink)
{
    if (sink->source != 0)
        g_source_remove(sink->source);
    sink->source = 0;
    g_byte_array_set_size(sink->waiting, 0);
}

gboolean
aqr_sink_is_empty(const AqrSink *sink)
{
    return sink->waiting->len == 0;
}

int
aqr_sink_error(const AqrSink *sink)
{
    return sink->error;
}
