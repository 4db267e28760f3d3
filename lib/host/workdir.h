/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A directory of this process in TMPDIR, named so that autopkgtest's coding of
 * arguments leaves its name alone. AQR_ERROR_HOST. */
char *aqr_workdir_make(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes @path and what is in it; symbolic links are not followed. */
void aqr_workdir_remove(const char *path);
