/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The directory that every user of the host shares for its GPUs, $AQR_LEASE_DIR or
 * /run/lock/rocm-gpu, and files in it. What stands in them is anybody's: not to be trusted.
 * Not for what the files mean: host/lease, host/quarantine. */

const char *aqr_lease_dir_path(void);

/* Opens it (O_PATH, closed on exec). It must be root's or our own, since its owner can take
 * others' files away, and sticky if others may write to it. AQR_ERROR_HOST otherwise.
 *
 * Where it is missing: with @make it is made, mode 1777, without it @fd is -1. One that an
 * ordinary user has made serves him alone: everybody else refuses it, root too, until root
 * has taken it over with chown, as the error says. So a host with several users wants it
 * made at boot, by tmpfiles.d. */
gboolean aqr_lease_dir_open(gboolean make, int *fd, GError **error);

/* Makes the file @name with @text in it, at once and whole, with @mode whatever the umask.
 * One that is there stays as it is: that is no error. AQR_ERROR_HOST. */
gboolean aqr_lease_dir_add(int dir, const char *name, const char *text, mode_t mode,
                           GError **error);

/* Opens the regular file @name, follows no link and waits for no fifo: -1 and errno, which
 * is ELOOP for what is no plain file. */
int aqr_lease_dir_open_file(int dir, const char *name, int flags);

/* (transfer full): the beginning of a file, up to 4096 bytes; NULL and errno. */
char *aqr_lease_dir_read(int fd) G_GNUC_WARN_UNUSED_RESULT;
