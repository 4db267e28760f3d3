/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bytes on their way from one fd to another. */
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *bytes;
    size_t start; /* the first byte that is still to go */
    size_t end;
    size_t size; /* allocated */
} Buffer;

/* Room for @length more bytes at the end; the caller adds what it used to
 * @end. Ends the process when there is no memory. */
uint8_t *buffer_reserve(Buffer *buffer, size_t length);
void buffer_append(Buffer *buffer, const void *bytes, size_t length);
void buffer_consume(Buffer *buffer, size_t length);
void buffer_clear(Buffer *buffer);

static inline size_t
buffer_length(const Buffer *buffer)
{
    return buffer->end - buffer->start;
}

/* Reads up to @length bytes from @fd into the buffer: what read() returns. */
ptrdiff_t buffer_fill(Buffer *buffer, int fd, size_t length);

/* Writes what it holds to @fd, as far as that takes it: -1 and errno when it
 * took none, otherwise the number of bytes. */
ptrdiff_t buffer_drain(Buffer *buffer, int fd);
