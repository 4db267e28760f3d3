/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/file-lock.h"

#include <fcntl.h>

gboolean
aqr_file_lock_try(int fd, AqrFileLock kind)
{
    struct flock lock = {
        .l_type = kind == AQR_FILE_LOCK_SHARED ? F_RDLCK : F_WRLCK,
        .l_whence = SEEK_SET,
    };

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

gboolean
aqr_file_lock_is_held(int fd)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
