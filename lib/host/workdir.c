/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/workdir.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

#define PATTERN "autopkgtest-qemu-rocm.XXXXXX"

/* See virt-protocol: print-execute-command's words are decoded three times. */
static gboolean
is_plain(const char *path)
{
    for (; *path != '\0'; path++) {
        if (!g_ascii_isalnum(*path) && strchr("/_.:=@+-", *path) == NULL)
            return FALSE;
    }
    return TRUE;
}

/* Open for passing through: QEMU may run as another user than we. What is in it
 * has its own modes. */
char *
aqr_workdir_make(GError **error)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), PATTERN, NULL);

    if (!g_path_is_absolute(path) || !is_plain(path)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "cannot work in \"%s\"; set TMPDIR to an absolute path of letters, digits "
                    "and _.:=@+- only",
                    g_get_tmp_dir());
        return NULL;
    }
    if (g_mkdtemp(path) == NULL || g_chmod(path, 0711) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make a directory in \"%s\": %s",
                    g_get_tmp_dir(), g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&path);
}

static int
remove_entry(const char *path, G_GNUC_UNUSED const struct stat *status, G_GNUC_UNUSED int type,
             G_GNUC_UNUSED struct FTW *position)
{
    remove(path);
    return 0;
}

void
aqr_workdir_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
