/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image-check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "core/partition-table.h"
#include "core/qcow-extent.h"

static const char *
advise(int number)
{
    switch (number) {
    case EACCES:
        return "; you must be able to read it, and to enter its directories";
    case ENOENT:
    case ENOTDIR:
        return "; is its name right";
    default:
        return "";
    }
}

static gboolean
refuse(const char *file, int number, GError **error)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE, "image \"%s\": %s%s", file, g_strerror(number),
                advise(number));
    return FALSE;
}

gboolean
aqr_image_check_kind(const char *file, GError **error)
{
    struct stat status;

    if (stat(file, &status) < 0)
        return refuse(file, errno, error);
    if (S_ISDIR(status.st_mode))
        return refuse(file, EISDIR, error);
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                    "image \"%s\": it is neither a file nor a block device; name a disk image",
                    file);
        return FALSE;
    }
    return access(file, R_OK) == 0 || refuse(file, errno, error);
}

/* --- whether it is all there ------------------------------------------- */

typedef struct {
    int fd;
    guint64 length;
} File;

/* (transfer full): @length bytes at @offset; NULL: they are not there. */
static guint8 *
read_at(const File *file, guint64 offset, gsize length)
{
    g_autofree guint8 *bytes = g_malloc(length + 1);
    gsize done = 0;

    while (done < length) {
        ssize_t got = pread(file->fd, bytes + done, length - done, (off_t)(offset + done));

        if (got == 0 || (got < 0 && errno != EINTR))
            return NULL;
        done += (gsize)MAX(got, 0);
    }
    return g_steal_pointer(&bytes);
}

/* Where the last cluster in use starts; G_MAXUINT64: the file ends before one could
 * tell. */
static guint64
find_last_cluster(const File *file, const AqrQcowExtent *extent)
{
    g_autofree guint8 *table = read_at(file, extent->table, extent->table_bytes);
    guint64 n = extent->table_bytes / 8;

    if (table == NULL)
        return G_MAXUINT64;
    while (n-- > 0) {
        guint64 offset = aqr_qcow_extent_block(table, n);
        g_autofree guint8 *block = offset == 0 ? NULL : read_at(file, offset, extent->cluster);
        gint64 last = block == NULL ? -1 : aqr_qcow_extent_last_used(extent, block);

        if (offset != 0 && block == NULL)
            return G_MAXUINT64;
        if (last >= 0)
            return (n * aqr_qcow_extent_block_clusters(extent) + (guint64)last) * extent->cluster;
    }
    return 0;
}

/* The last cluster of a file need not be written to its end. */
static gboolean
is_whole_qcow2(const File *file)
{
    g_autofree guint8 *header = read_at(file, 0, AQR_QCOW_HEADER_BYTES);
    AqrQcowExtent extent;

    if (header == NULL || !aqr_qcow_extent_parse(header, AQR_QCOW_HEADER_BYTES, &extent))
        return TRUE; /* qemu-img has looked at it */
    return find_last_cluster(file, &extent) < file->length;
}

static gboolean
is_whole_raw(const File *file)
{
    gsize length = (gsize)MIN(file->length, AQR_PARTITION_TABLE_BYTES);
    g_autofree guint8 *start = read_at(file, 0, length);

    return start == NULL || aqr_partition_table_end(start, length) <= file->length;
}

static gboolean
check_layer(const AqrDisk *disk, GError **error)
{
    File file = { .fd = open(disk->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
    off_t length = file.fd < 0 ? -1 : lseek(file.fd, 0, SEEK_END);
    gboolean whole = TRUE;

    file.length = (guint64)MAX(length, 0);
    if (length >= 0 && g_str_equal(disk->format, "qcow2"))
        whole = is_whole_qcow2(&file);
    else if (length >= 0 && g_str_equal(disk->format, "raw"))
        whole = is_whole_raw(&file);
    if (file.fd >= 0)
        close(file.fd);
    if (whole)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                "image \"%s\": its end is missing, it has only %" G_GUINT64_FORMAT
                " bytes; copy or build it again, or mend it with \"qemu-img check -r leaks\"",
                disk->file, file.length);
    return FALSE;
}

gboolean
aqr_image_check_whole(const AqrDisk *disk, GError **error)
{
    for (; disk != NULL; disk = disk->backing) {
        if (!check_layer(disk, error))
            return FALSE;
    }
    return TRUE;
}
