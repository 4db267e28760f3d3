/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/path-access.h"
#include "host/workdir.h"

typedef struct {
    AqrPathUser user;
    guint32 gids[128];
    char *name;
} QemuUser;

/* libvirt says as whom it runs QEMU: <model>dac</model> ... +64055:+106. */
static gboolean
ask_ids(virConnectPtr connection, guint32 *uid, guint32 *gid)
{
    static const char pattern[] =
        "<model>dac</model>.*?<baselabel type='(?:kvm|qemu)'>\\+(\\d+):\\+(\\d+)</baselabel>";
    g_autofree char *capabilities = virConnectGetCapabilities(connection);
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_DOTALL, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *first = NULL, *second = NULL;

    if (capabilities == NULL || !g_regex_match(regex, capabilities, 0, &match))
        return FALSE;
    first = g_match_info_fetch(match, 1);
    second = g_match_info_fetch(match, 2);
    *uid = (guint32)g_ascii_strtoull(first, NULL, 10);
    *gid = (guint32)g_ascii_strtoull(second, NULL, 10);
    return TRUE;
}

static gboolean
find_user(virConnectPtr connection, QemuUser *found)
{
    const struct passwd *entry;
    int n = G_N_ELEMENTS(found->gids);
    guint32 uid, gid;

    if (!ask_ids(connection, &uid, &gid))
        return FALSE;
    entry = getpwuid(uid);
    found->name = entry == NULL ? g_strdup_printf("%u", uid) : g_strdup(entry->pw_name);
    found->gids[0] = gid;
    if (entry == NULL || getgrouplist(entry->pw_name, gid, found->gids, &n) < 0)
        n = 1;
    found->user = (AqrPathUser){ .uid = uid, .gids = found->gids, .n_gids = (gsize)n };
    return TRUE;
}

/* What cannot be looked at is somebody else's to complain about. */
static gboolean
allows(const QemuUser *qemu, const char *path, AqrPathNeed need)
{
    AqrPathOwner owner;
    struct stat status;

    if (stat(path, &status) < 0)
        return TRUE;
    owner = (AqrPathOwner){
        .uid = status.st_uid,
        .gid = status.st_gid,
        .mode = status.st_mode,
        .has_acl = getxattr(path, "system.posix_acl_access", NULL, 0) > 0,
    };
    return aqr_path_access_allows(&qemu->user, &owner, need);
}

/* (transfer full): the outermost directory on the way to @path that
 * keeps QEMU out; NULL: none does. */
static char *
find_barrier(const QemuUser *qemu, const char *path)
{
    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        g_autofree char *dir = g_strndup(path, (gsize)(slash == path ? 1 : slash - path));

        if (!allows(qemu, dir, AQR_PATH_SEARCH))
            return g_steal_pointer(&dir);
    }
    return NULL;
}

/* Symbolic links are followed to where they lead; their own way is not looked at. */
static gboolean
check_way(const QemuUser *qemu, const char *what, const char *path, const char *instead,
          GError **error)
{
    g_autofree char *real = realpath(path, NULL);
    g_autofree char *barrier = real == NULL ? NULL : find_barrier(qemu, real);

    if (barrier == NULL)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "%s \"%s\": libvirt's daemon runs QEMU as %s, whom the directory \"%s\" does not "
                "let in; chmod o+x it, or setfacl -m u:%s:x it, or %s",
                what, path, qemu->name, barrier, qemu->name, instead);
    return FALSE;
}

static gboolean
check_image(const QemuUser *qemu, const AqrDisk *disk, GError **error)
{
    for (; disk != NULL; disk = disk->backing) {
        if (!check_way(qemu, "image", disk->file, "move the image to /var/lib/libvirt/images",
                       error))
            return FALSE;
        if (allows(qemu, disk->file, AQR_PATH_READ))
            continue;
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "image \"%s\": libvirt's daemon runs QEMU as %s, who may not read it; "
                    "chmod o+r it, or setfacl -m u:%s:r it",
                    disk->file, qemu->name, qemu->name);
        return FALSE;
    }
    return TRUE;
}

static gboolean
check_writable(const QemuUser *qemu, const char *file, GError **error)
{
    if (allows(qemu, file, AQR_PATH_WRITE))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "image \"%s\": libvirt's daemon runs QEMU as %s, who may not write to it; "
                "setfacl -m u:%s:rw it, or use --connect=qemu:///embed",
                file, qemu->name, qemu->name);
    return FALSE;
}

static gboolean
check_all(const QemuUser *qemu, const AqrVmSpec *spec, GError **error)
{
    const AqrDisk *first = g_ptr_array_index(spec->disks, 0);
    g_autofree char *store =
        g_path_get_dirname(spec->overlay == NULL ? first->file : spec->overlay);

    if (spec->overlay == NULL && !check_writable(qemu, first->file, error))
        return FALSE;
    for (guint i = 0; i < spec->disks->len; i++) {
        if (!check_image(qemu, g_ptr_array_index(spec->disks, i), error))
            return FALSE;
    }
    return check_way(qemu, "the sockets' directory", spec->socket_dir, "set TMPDIR to another",
                     error) &&
           check_way(qemu, "the overlay's directory", store, AQR_WORKDIR_ELSEWHERE, error);
}

gboolean
aqr_reach_check(virConnectPtr connection, const AqrVmSpec *spec, GError **error)
{
    g_autofree char *uri = virConnectGetURI(connection);
    QemuUser qemu;
    gboolean reaches;

    if (uri == NULL || strstr(uri, "///") == NULL || !find_user(connection, &qemu))
        return TRUE;
    reaches = check_all(&qemu, spec, error);
    g_free(qemu.name);
    return reaches;
}

gboolean
aqr_reach_give(virConnectPtr connection, const char *path, GError **error)
{
    g_autofree char *uri = virConnectGetURI(connection);
    guint32 uid, gid;
    gboolean given;
    int fd;

    if (uri == NULL || aqr_libvirt_runs_as_caller(uri) || !ask_ids(connection, &uid, &gid))
        return TRUE;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    given = fd >= 0 && fchown(fd, uid, gid) == 0;
    if (fd >= 0)
        close(fd);
    if (given)
        return TRUE;
    g_set_error(
        error, AQR_ERROR, AQR_ERROR_HOST,
        "cannot give \"%s\" to the user that libvirt's daemon runs QEMU as: %s; be root, or "
        "use --connect=qemu:///embed",
        path, g_strerror(errno));
    return FALSE;
}
