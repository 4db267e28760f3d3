/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/shared-mounts.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "host/guest-script.h"

static gboolean
check_dir(const AqrSharedDir *dir, GError **error)
{
    int wanted = R_OK | X_OK | (dir->writable ? W_OK : 0);
    int problem = 0;

    if (g_file_test(dir->source, G_FILE_TEST_EXISTS) &&
        !g_file_test(dir->source, G_FILE_TEST_IS_DIR))
        problem = ENOTDIR;
    else if (access(dir->source, wanted) < 0)
        problem = errno;
    if (problem == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "shared directory \"%s\": %s", dir->source,
                g_strerror(problem));
    return FALSE;
}

gboolean
aqr_shared_mounts_check(const AqrVmSpec *spec, GError **error)
{
    for (unsigned i = 0; i < spec->shared_dirs->len; i++) {
        if (!check_dir(g_ptr_array_index(spec->shared_dirs, i), error))
            return FALSE;
    }
    return TRUE;
}

/* The default message size makes 9p crawl; this one is autopkgtest-virt-qemu's. */
static gboolean
mount_dir(AqrGuestLink *link, const AqrSharedDir *dir, unsigned number, const AqrPatience *patience,
          GError **error)
{
    static const char script[] =
        AQR_GUEST_SCRIPT "mkdir -p -- \"$2\"\n"
                         "exec mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,$3 "
                         "\"$1\" \"$2\"\n";
    g_autofree char *tag = aqr_shared_dir_tag(number);
    g_autofree char *doing =
        g_strdup_printf("mount the shared directory \"%s\" at \"%s\"", dir->source, dir->target);
    const char *const argv[] = {
        "sh", "-c", script, "sh", tag, dir->target, dir->writable ? "rw" : "ro", NULL
    };

    return aqr_guest_script_run(link, doing, argv, patience, error);
}

gboolean
aqr_shared_mounts_add(AqrGuestLink *link, const AqrVmSpec *spec, const AqrPatience *patience,
                      GError **error)
{
    for (unsigned i = 0; i < spec->shared_dirs->len; i++) {
        if (!mount_dir(link, g_ptr_array_index(spec->shared_dirs, i), i, patience, error))
            return FALSE;
    }
    return TRUE;
}
