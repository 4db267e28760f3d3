/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* What is hashed of a file is its size and, of each block that is not all zero, its place and
 * its bytes. So a hole is the same as zeroes. A block fits into a processor's cache. */
#define BLOCK (64 * 1024)

typedef struct {
    int fd;
    gboolean punch;
    guint8 *block;
    XXH3_state_t *state;
} Reader;

static void
reader_clear(Reader *reader)
{
    XXH3_freeState(reader->state);
    g_free(reader->block);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static void
hash_number(XXH3_state_t *state, guint64 number)
{
    guint64 bytes = GUINT64_TO_LE(number);

    XXH3_128bits_update(state, &bytes, sizeof bytes);
}

static char *
digest(XXH3_state_t *state)
{
    XXH128_hash_t hash = XXH3_128bits_digest(state);

    return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                           (guint64)hash.high64, (guint64)hash.low64);
}

static gboolean
is_zero(const guint8 *bytes, gsize length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

static ssize_t
read_block(Reader *reader, off_t at)
{
    size_t done = 0;

    while (done < BLOCK) {
        ssize_t n = pread(reader->fd, reader->block + done, BLOCK - done, at + (off_t)done);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -1;
        done += n < 0 ? 0 : (size_t)n;
    }
    return (ssize_t)done;
}

/* Where it cannot be done the zeroes stay: they are as good. */
static void
punch(const Reader *reader, off_t at, gsize length)
{
    if (reader->punch &&
        fallocate(reader->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, (off_t)length) < 0)
        errno = 0;
}

static gboolean
take_block(Reader *reader, off_t at)
{
    ssize_t n = read_block(reader, at);

    if (n <= 0)
        return n == 0;
    if (is_zero(reader->block, (gsize)n)) {
        punch(reader, at, (gsize)n);
        return TRUE;
    }
    hash_number(reader->state, (guint64)at);
    XXH3_128bits_update(reader->state, reader->block, (gsize)n);
    return TRUE;
}

/* The next data from @at on; @size: there is none. A file system that does not know holes
 * says that it is all data, or that it does not know. */
static off_t
find(int fd, off_t at, int what, off_t size)
{
    off_t found = lseek(fd, at, what);

    if (found < 0)
        return errno == ENXIO || what == SEEK_HOLE ? size : at;
    return found;
}

static gboolean
take_blocks(Reader *reader, off_t size)
{
    off_t at = 0, data;

    while (at < size && (data = find(reader->fd, at, SEEK_DATA, size)) < size) {
        off_t hole = find(reader->fd, data, SEEK_HOLE, size);

        /* The holes of a file system need not end where our blocks do. */
        for (at = MAX(at, data - data % BLOCK); at < hole; at += BLOCK) {
            if (!take_block(reader, at))
                return FALSE;
        }
    }
    return TRUE;
}

static char *
checksum(int fd, gboolean punch_holes, guint64 *size)
{
    g_auto(Reader) reader = {
        .fd = fd,
        .punch = punch_holes,
        .block = g_malloc(BLOCK),
        .state = XXH3_createState(),
    };
    struct stat status;

    XXH3_128bits_reset(reader.state);
    if (fstat(fd, &status) < 0)
        return NULL;
    hash_number(reader.state, (guint64)status.st_size);
    if (!take_blocks(&reader, status.st_size))
        return NULL;
    *size = (guint64)status.st_size;
    return digest(reader.state);
}

char *
aqr_checksum_file(int fd, guint64 *size)
{
    return checksum(fd, FALSE, size);
}

char *
aqr_checksum_file_and_punch(int fd, guint64 *size)
{
    return checksum(fd, TRUE, size);
}

char *
aqr_checksum_bytes(GBytes *bytes)
{
    gsize length;
    gconstpointer data = g_bytes_get_data(bytes, &length);
    XXH128_hash_t hash = XXH3_128bits(data, length);

    return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x",
                           (guint64)hash.high64, (guint64)hash.low64);
}
