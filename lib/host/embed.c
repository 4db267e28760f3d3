/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/embed.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/libvirt.h"

#define CAPABILITIES "cache/qemu/capabilities"

/* QEMU runs as we do, as autopkgtest-virt-qemu has it: it can read what we can,
 * and libvirt changes no owner. virtlogd and cgroups are a daemon's business. */
static const char configuration[] = "stdio_handler = \"file\"\n"
                                    "user = \"+%u\"\n"
                                    "group = \"+%u\"\n"
                                    "dynamic_ownership = 0\n"
                                    "remember_owner = 0\n"
                                    "namespaces = [ ]\n"
                                    "cgroup_controllers = [ ]\n";

static char *
shared_capabilities(void)
{
    return g_build_filename(g_get_user_cache_dir(), "autopkgtest-virt-qemu-rocm", "libvirt", NULL);
}

static void
copy_file(const char *from, const char *to)
{
    g_autofree char *contents = NULL;
    gsize length;

    if (g_file_get_contents(from, &contents, &length, NULL))
        g_file_set_contents(to, contents, (gssize)length, NULL); /* by rename(): never half */
}

static void
copy_files(const char *from, const char *to)
{
    g_autoptr(GDir) dir = g_dir_open(from, 0, NULL);
    const char *name;

    if (dir == NULL || g_mkdir_with_parents(to, 0700) < 0)
        return;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);

        copy_file(source, target);
    }
}

static gboolean
write_configuration(const char *root, GError **error)
{
    g_autofree char *dir = g_build_filename(root, "etc", NULL);
    g_autofree char *path = g_build_filename(dir, "qemu.conf", NULL);
    g_autofree char *text = g_strdup_printf(configuration, getuid(), getgid());
    g_autoptr(GError) failed = NULL;

    if (g_mkdir_with_parents(dir, 0700) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make \"%s\": %s", dir,
                    g_strerror(errno));
        return FALSE;
    }
    if (!g_file_set_contents(path, text, -1, &failed)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "%s", failed->message);
        return FALSE;
    }
    return TRUE;
}

char *
aqr_embed_prepare(const char *root, GError **error)
{
    g_autofree char *shared = shared_capabilities();
    g_autofree char *own = g_build_filename(root, CAPABILITIES, NULL);
    g_autofree char *escaped = g_uri_escape_string(root, "/", FALSE);

    if (!write_configuration(root, error))
        return NULL;
    copy_files(shared, own);
    return g_strconcat(AQR_LIBVIRT_EMBED, "?root=", escaped, NULL);
}

void
aqr_embed_share_capabilities(const char *root)
{
    g_autofree char *shared = shared_capabilities();
    g_autofree char *own = g_build_filename(root, CAPABILITIES, NULL);

    copy_files(own, shared);
}
