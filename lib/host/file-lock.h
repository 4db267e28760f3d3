/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Locks of an open file (F_OFD_SETLK of fcntl(2)): they end when the last process that has it
 * open ends, and, unlike those of flock(2), one can be looked for without being taken, so that
 * who only looks is in nobody's way. A shared one wants a file that is open for reading, the
 * other one for writing. */
typedef enum { AQR_FILE_LOCK_SHARED, AQR_FILE_LOCK_ALONE } AqrFileLock;

/* Without waiting; also from one kind to the other. FALSE: another open file has one. */
gboolean aqr_file_lock_try(int fd, AqrFileLock kind);

/* Whether another open file has one, of any kind. */
gboolean aqr_file_lock_is_held(int fd);
