/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Directories of this process. Each holds a file that is locked while its process
 * lives: so it is known which of them are nobody's any more (host/sweep). */

/* Where sockets may go: TMPDIR, or /tmp where TMPDIR's name is too long for them,
 * or holds what autopkgtest's coding of arguments does not leave alone. */
const char *aqr_workdir_socket_parent(void);

/* A new directory in @parent that only we can list; others, such as QEMU, may pass
 * through. *@lock is for aqr_workdir_remove(). AQR_ERROR_HOST. */
char *aqr_workdir_make(const char *parent, int *lock, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How to have another directory than one of ours: what every program has, and what some have. */
#define AQR_WORKDIR_ELSEWHERE \
    "choose another directory by TMPDIR, or by --overlay-dir where there is such an option"

/* What to do when the disk under the file @path is full (transfer none): in a directory of ours
 * it need not be that disk. */
const char *aqr_workdir_make_room(const char *path);

/* Whether aqr_workdir_make() could have given that name. */
gboolean aqr_workdir_is_name(const char *name);

/* The lock of a directory whose process has ended; -1: it lives, or somebody else
 * takes it over. */
int aqr_workdir_take_over(const char *path);

/* Removes @path and what is in it, symbolic links are not followed; then lets go of
 * @lock. */
void aqr_workdir_remove(const char *path, int lock);
