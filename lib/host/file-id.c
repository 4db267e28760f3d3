/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/file-id.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/error.h"

static gint64
nanoseconds(const struct timespec *time)
{
    return (gint64)time->tv_sec * 1000000000 + time->tv_nsec;
}

AqrFileId *
aqr_file_id_stat(const char *path, GError **error)
{
    struct stat status;
    AqrFileId *id;

    if (stat(path, &status) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot look at \"%s\": %s", path,
                    g_strerror(errno));
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "\"%s\" is no regular file, so nobody can tell whether it has changed", path);
        return NULL;
    }
    id = aqr_file_id_new(path);
    id->device = status.st_dev;
    id->inode = status.st_ino;
    id->size = (guint64)status.st_size;
    id->modified = nanoseconds(&status.st_mtim);
    id->changed = nanoseconds(&status.st_ctim);
    return id;
}
