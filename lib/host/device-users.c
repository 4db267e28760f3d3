/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/device-users.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.h"
#include "host/sysfs.h"

#define DEVICES "/sys/bus/pci/devices"

/* --- nodes -------------------------------------------------------------- */

static void
add_nodes(GPtrArray *nodes, const char *dir, const char *list, const char *where)
{
    g_auto(GStrv) names = aqr_sysfs_list(dir, list);

    for (char **name = names; *name != NULL; name++)
        g_ptr_array_add(nodes, g_build_filename(where, *name, NULL));
}

/* (transfer full): what may be there; not all of it is. */
static GPtrArray *
list_nodes(const GPtrArray *addresses)
{
    GPtrArray *nodes = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < addresses->len; i++) {
        g_autofree char *dir = g_build_filename(DEVICES, addresses->pdata[i], NULL);
        g_autofree char *group = aqr_sysfs_read_link(dir, "iommu_group");

        if (group != NULL)
            g_ptr_array_add(nodes, g_build_filename("/dev/vfio", group, NULL));
        add_nodes(nodes, dir, "vfio-dev", "/dev/vfio/devices");
        add_nodes(nodes, dir, "drm", "/dev/dri");
    }
    return nodes;
}

typedef struct {
    const char *path;
    struct stat status;
} Node;

/* By what it is: another mount namespace may name it otherwise. */
static gboolean
is_same(const struct stat *one, const struct stat *other)
{
    if (S_ISCHR(one->st_mode) && S_ISCHR(other->st_mode))
        return one->st_rdev == other->st_rdev;
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

static const char *
find_node(const GArray *nodes, const char *fd)
{
    g_autofree char *target = g_file_read_link(fd, NULL);
    struct stat status;

    /* A look at a file may wait for its server: only devices are looked at. */
    if (target == NULL || strstr(target, "/dev/") == NULL || stat(fd, &status) < 0)
        return NULL;
    for (guint i = 0; i < nodes->len; i++) {
        const Node *node = &g_array_index(nodes, Node, i);

        if (is_same(&node->status, &status))
            return node->path;
    }
    return NULL;
}

/* --- processes ---------------------------------------------------------- */

static gboolean
uses(const char *pid, const GArray *nodes, AqrDeviceUser *user)
{
    g_autofree char *fds = g_build_filename("/proc", pid, "fd", NULL);
    g_autoptr(GDir) open_files = g_dir_open(fds, 0, NULL);
    const char *name, *node = NULL;

    while (node == NULL && open_files != NULL && (name = g_dir_read_name(open_files)) != NULL) {
        g_autofree char *fd = g_build_filename(fds, name, NULL);

        node = find_node(nodes, fd);
    }
    if (node != NULL) {
        g_autofree char *proc = g_build_filename("/proc", pid, NULL);
        g_autofree char *program = aqr_sysfs_read(proc, "comm");

        user->pid = (GPid)g_ascii_strtoll(pid, NULL, 10);
        user->program = aqr_printable_line(program == NULL ? "" : program, 64);
        user->node = g_strdup(node);
    }
    return node != NULL;
}

static gboolean
find_process(const GArray *nodes, AqrDeviceUser *user)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *name;

    while (processes != NULL && (name = g_dir_read_name(processes)) != NULL) {
        if (g_ascii_isdigit(*name) && uses(name, nodes, user))
            return TRUE;
    }
    return FALSE;
}

/* A group can be opened once (drivers/vfio/group.c, vfio_group_fops_open()). */
static gboolean
is_busy(const char *node)
{
    int fd;

    if (!g_str_has_prefix(node, "/dev/vfio/"))
        return FALSE;
    fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == EBUSY;
    close(fd);
    return FALSE;
}

gboolean
aqr_device_users_find(const GPtrArray *addresses, const char *where, AqrDeviceUser *user)
{
    g_autoptr(GPtrArray) paths = list_nodes(addresses);
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(Node));

    for (guint i = 0; i < paths->len; i++) {
        Node node = { .path = paths->pdata[i] };

        if (g_str_has_prefix(node.path, where) && stat(node.path, &node.status) == 0)
            g_array_append_val(nodes, node);
    }
    if (nodes->len > 0 && find_process(nodes, user))
        return TRUE;
    for (guint i = 0; i < nodes->len; i++) {
        const char *path = g_array_index(nodes, Node, i).path;

        if (is_busy(path)) {
            *user = (AqrDeviceUser){ .node = g_strdup(path) };
            return TRUE;
        }
    }
    return FALSE;
}

char *
aqr_device_user_describe(const AqrDeviceUser *user)
{
    if (user->pid == 0)
        return g_strdup_printf("a process of another user, which has %s open", user->node);
    return g_strdup_printf("pid %d (%s), which has %s open", (int)user->pid, user->program,
                           user->node);
}

void
aqr_device_user_clear(AqrDeviceUser *user)
{
    g_free(user->program);
    g_free(user->node);
    *user = (AqrDeviceUser){ 0 };
}
