/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image-write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/printable.h"
#include "host/image-check.h"
#include "host/sysfs.h"

/* QEMU's locks (block/file-posix.c, include/block/block-common.h): who uses a permission has
 * the byte at 100 and its number locked, who does not share it that at 200 and its number. */
enum { USED = 100, NOT_SHARED = 200 };
enum { CONSISTENT_READ = 0, WRITE = 1, RESIZE = 3 };

/* What the disk of a VM that writes cannot go along with. */
static const off_t conflicts[] = { USED + WRITE, USED + RESIZE, NOT_SHARED + CONSISTENT_READ,
                                   NOT_SHARED + WRITE, NOT_SHARED + RESIZE };

static gboolean
is_locked(int fd, off_t byte)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static gboolean
is_in_use(int fd)
{
    for (gsize i = 0; i < G_N_ELEMENTS(conflicts); i++) {
        if (is_locked(fd, conflicts[i]))
            return TRUE;
    }
    return FALSE;
}

/* --- by whom ------------------------------------------------------------ */

/* The kernel names no owner of such a lock, but shows it with the open file. Names are looked
 * at first: a look at a file of another kind may wait for its server. */
static gboolean
holds(const char *proc, const char *number, const char *name, const struct stat *image)
{
    g_autofree char *fd = g_build_filename(proc, "fd", number, NULL);
    g_autofree char *target = g_file_read_link(fd, NULL);
    g_autofree char *base = target == NULL ? NULL : g_path_get_basename(target);
    g_autofree char *info = g_build_filename(proc, "fdinfo", number, NULL);
    g_autofree char *text = NULL;
    struct stat status;

    return g_strcmp0(base, name) == 0 && stat(fd, &status) == 0 && status.st_dev == image->st_dev &&
           status.st_ino == image->st_ino && g_file_get_contents(info, &text, NULL, NULL) &&
           strstr(text, "lock:") != NULL;
}

static gboolean
is_holder(const char *pid, const char *name, const struct stat *image)
{
    g_autofree char *proc = g_build_filename("/proc", pid, NULL);
    g_autofree char *fds = g_build_filename(proc, "fd", NULL);
    g_autoptr(GDir) dir = g_dir_open(fds, 0, NULL);
    const char *number;

    while (dir != NULL && (number = g_dir_read_name(dir)) != NULL) {
        if (holds(proc, number, name, image))
            return TRUE;
    }
    return FALSE;
}

/* (transfer full) */
static char *
describe_holder(const char *file, int fd)
{
    g_autofree char *real = realpath(file, NULL);
    g_autofree char *name = g_path_get_basename(real == NULL ? file : real);
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    const char *pid = NULL;
    struct stat image;

    if (processes == NULL || fstat(fd, &image) < 0)
        return g_strdup("another process");
    while ((pid = g_dir_read_name(processes)) != NULL) {
        if (g_ascii_isdigit(*pid) && is_holder(pid, name, &image)) {
            g_autofree char *proc = g_build_filename("/proc", pid, NULL);
            g_autofree char *text = aqr_sysfs_read(proc, "comm");
            g_autofree char *program = aqr_printable_line(text == NULL ? "" : text, 64);

            return g_strdup_printf("pid %s (%s)", pid, program);
        }
    }
    return g_strdup("a process of another user");
}

/* ------------------------------------------------------------------------ */

static gboolean
check_open(const char *file, int fd, GError **error)
{
    g_autofree char *holder = NULL;

    if (!is_in_use(fd))
        return TRUE;
    holder = describe_holder(file, fd);
    g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                "image \"%s\": it cannot be written to while it is in use by %s; wait until that "
                "has ended, or take a copy",
                file, holder);
    return FALSE;
}

gboolean
aqr_image_write_check(const char *file, GError **error)
{
    gboolean good;
    int fd;

    if (!aqr_image_check_kind(file, error))
        return FALSE;
    fd = open(file, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE, "image \"%s\": it cannot be written to: %s",
                    file, g_strerror(errno));
        return FALSE;
    }
    good = check_open(file, fd, error);
    close(fd);
    return good;
}

gboolean
aqr_image_replace_check(const char *file, GError **error)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gboolean good = fd < 0 || !is_locked(fd, USED + WRITE);
    g_autofree char *holder = good ? NULL : describe_holder(file, fd);

    if (!good)
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                    "image \"%s\": it cannot be replaced while %s writes to it, as that would be "
                    "lost; wait until that has ended, or name another image",
                    file, holder);
    if (fd >= 0)
        close(fd);
    return good;
}
