/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/evidence-file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"

struct AqrEvidenceFile {
    char *path;
    int fd;
};

static gboolean
set_error(const AqrEvidenceFile *file, int number, GError **error)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot write \"%s\": %s", file->path,
                g_strerror(number));
    return FALSE;
}

AqrEvidenceFile *
aqr_evidence_file_new(const char *path, GError **error)
{
    g_autoptr(AqrEvidenceFile) file = g_new0(AqrEvidenceFile, 1);

    file->path = g_strdup(path);
    file->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->fd >= 0)
        return g_steal_pointer(&file);
    set_error(file, errno, error);
    return NULL;
}

void
aqr_evidence_file_free(AqrEvidenceFile *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0)
        close(file->fd);
    g_free(file->path);
    g_free(file);
}

/* Less than all of it is written where the disk becomes full; the next try says so. */
gboolean
aqr_evidence_file_write(AqrEvidenceFile *file, gsize at, const void *bytes, gsize length,
                        GError **error)
{
    const char *next = bytes;

    for (gsize left = length; left > 0;) {
        ssize_t done = pwrite(file->fd, next, left, (off_t)(at + length - left));

        if (done < 0 && errno != EINTR)
            return set_error(file, errno, error);
        next += MAX(done, 0);
        left -= (gsize)MAX(done, 0);
    }
    return ftruncate(file->fd, (off_t)(at + length)) == 0 || set_error(file, errno, error);
}
