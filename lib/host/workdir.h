/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A directory of this process, for sockets and small files: in TMPDIR, or in /tmp
 * where TMPDIR's name is too long for sockets, or holds what autopkgtest's coding
 * of arguments does not leave alone. AQR_ERROR_HOST. */
char *aqr_workdir_make(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes @path and what is in it; symbolic links are not followed. */
void aqr_workdir_remove(const char *path);
