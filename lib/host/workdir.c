/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/workdir.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

#define PATTERN "aqr-XXXXXX"

/* A unix socket's path has 107 bytes. libvirt's own, below a directory of ours,
 * adds up to 75: "/aqr-XXXXXX/libvirt/lib/qemu/domain-999-autopkgtest-1234567/monitor.sock". */
#define MAX_PARENT 32

/* autopkgtest decodes the words of print-execute-command three times, and splits
 * them at commas in between. */
static gboolean
is_usable(const char *path)
{
    if (!g_path_is_absolute(path) || strlen(path) > MAX_PARENT)
        return FALSE;
    for (; *path != '\0'; path++) {
        if (!g_ascii_isalnum(*path) && strchr("/_.:=@+-", *path) == NULL)
            return FALSE;
    }
    return TRUE;
}

const char *
aqr_workdir_socket_parent(void)
{
    return is_usable(g_get_tmp_dir()) ? g_get_tmp_dir() : "/tmp";
}

char *
aqr_workdir_make(const char *parent, GError **error)
{
    g_autofree char *path = g_build_filename(parent, PATTERN, NULL);

    if (g_mkdtemp(path) == NULL || g_chmod(path, 0711) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make a directory in \"%s\": %s",
                    parent, g_strerror(errno));
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
