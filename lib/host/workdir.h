/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Where sockets may go: TMPDIR, or /tmp where TMPDIR's name is too long for them,
 * or holds what autopkgtest's coding of arguments does not leave alone. */
const char *aqr_workdir_socket_parent(void);

/* A new directory in @parent that only we can list; others, such as QEMU, may pass
 * through. AQR_ERROR_HOST. */
char *aqr_workdir_make(const char *parent, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes @path and what is in it; symbolic links are not followed. */
void aqr_workdir_remove(const char *path);
