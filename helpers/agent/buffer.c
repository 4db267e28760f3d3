/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
compact(Buffer *buffer)
{
    memmove(buffer->bytes, buffer->bytes + buffer->start, buffer_length(buffer));
    buffer->end -= buffer->start;
    buffer->start = 0;
}

uint8_t *
buffer_reserve(Buffer *buffer, size_t length)
{
    if (buffer->size - buffer->end < length && buffer->start > 0)
        compact(buffer);
    if (buffer->size - buffer->end < length) {
        size_t size = (buffer->end + length) * 2;
        uint8_t *bytes = realloc(buffer->bytes, size);

        if (bytes == NULL)
            abort();
        buffer->bytes = bytes;
        buffer->size = size;
    }
    return buffer->bytes + buffer->end;
}

void
buffer_append(Buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    memcpy(buffer_reserve(buffer, length), bytes, length);
    buffer->end += length;
}

void
buffer_consume(Buffer *buffer, size_t length)
{
    buffer->start += length;
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
}

void
buffer_clear(Buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (Buffer){ 0 };
}

ptrdiff_t
buffer_fill(Buffer *buffer, int fd, size_t length)
{
    ssize_t got = read(fd, buffer_reserve(buffer, length), length);

    if (got > 0)
        buffer->end += (size_t)got;
    return got;
}

ptrdiff_t
buffer_drain(Buffer *buffer, int fd)
{
    ssize_t taken = write(fd, buffer->bytes + buffer->start, buffer_length(buffer));

    if (taken > 0)
        buffer_consume(buffer, (size_t)taken);
    return taken;
}
