/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-gpu.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/pci-scan.h"
#include "support/check-main.h"
#include "support/lasting-child.h"

#define DEVICES "/sys/bus/pci/devices"
#define NOBODY 65534

void
fake_gpu_set_up(FakeGpu *fake)
{
    g_autoptr(GError) error = NULL;
    AqrPciAddress address;

    fake->sysfs = fake_sysfs_new("radeon-rx-6800-xt");
    fake->devices = aqr_pci_scan(&error);
    ck_assert_no_error(error);
    fake->table = aqr_gpu_table_new();
    fake->gpus = aqr_gpu_list(fake->devices, fake->table);
    ck_assert(aqr_pci_address_parse("0000:03:00.0", &address, NULL));
    fake->gpu = aqr_gpu_find(fake->gpus, &address);
    ck_assert_ptr_nonnull(fake->gpu);
}

void
fake_gpu_tear_down(FakeGpu *fake)
{
    g_ptr_array_unref(fake->gpus);
    g_ptr_array_unref(fake->devices);
    aqr_gpu_table_free(fake->table);
    fake_sysfs_free(fake->sysfs);
}

static void
write_bytes(FakeGpu *fake, const char *path, const char *bytes, gssize length)
{
    g_autofree char *real = fake_sysfs_path(fake->sysfs, path);
    g_autofree char *dir = g_path_get_dirname(real);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert(g_file_set_contents(real, bytes, length, NULL));
    ck_assert_int_eq(g_chmod(real, 0644), 0);
}

void
fake_gpu_write(FakeGpu *fake, const char *path, const char *text)
{
    write_bytes(fake, path, text, -1);
}

void
fake_gpu_write_config(FakeGpu *fake, const char *address, int byte)
{
    g_autofree char *path = g_build_filename(DEVICES, address, "config", NULL);
    char bytes[256];

    memset(bytes, byte, sizeof bytes);
    write_bytes(fake, path, bytes, sizeof bytes);
}

char *
fake_gpu_read(FakeGpu *fake, const char *path)
{
    g_autofree char *real = fake_sysfs_path(fake->sysfs, path);
    char *text;

    return g_file_get_contents(real, &text, NULL, NULL) ? text : NULL;
}

void
fake_gpu_remove(FakeGpu *fake, const char *path)
{
    g_autofree char *real = fake_sysfs_path(fake->sysfs, path);

    ck_assert_int_eq(g_remove(real), 0);
}

void
fake_gpu_bind(FakeGpu *fake, const char *address, const char *driver)
{
    g_autofree char *path = g_build_filename(DEVICES, address, "driver", NULL);
    g_autofree char *real = fake_sysfs_path(fake->sysfs, path);
    g_autofree char *target =
        g_build_filename("../../bus/pci/drivers", driver == NULL ? "" : driver, NULL);

    unlink(real);
    if (driver != NULL)
        ck_assert_int_eq(symlink(target, real), 0);
}

static gboolean
open_path(gpointer data)
{
    return open(data, O_RDONLY | O_CLOEXEC) >= 0;
}

GPid
fake_gpu_open(FakeGpu *fake, const char *path)
{
    g_autofree char *real = fake_sysfs_path(fake->sysfs, path);

    return lasting_child_start(open_path, real);
}

static void
check_and_tell(FakeGpu *fake, gboolean (*check)(FakeGpu *fake, GError **error), int fd)
{
    g_autoptr(GError) error = NULL;

    if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) < 0)
        _exit(1);
    if (!check(fake, &error) &&
        write(fd, error->message, strlen(error->message)) != (ssize_t)strlen(error->message))
        _exit(1);
    _exit(0);
}

char *
fake_gpu_as_nobody(FakeGpu *fake, gboolean (*check)(FakeGpu *fake, GError **error))
{
    g_autofree char *root = fake_sysfs_path(fake->sysfs, "/");
    g_autofree char *ioctls = fake_sysfs_path(fake->sysfs, "/ioctl/_default"); /* umockdev's */
    char text[4096] = "";
    int fds[2], status;
    pid_t pid;

    ck_assert_int_eq(chmod(root, 0755), 0);
    ck_assert_int_eq(chmod(ioctls, 0666), 0);
    ck_assert_int_eq(pipe(fds), 0);
    pid = fork();
    if (pid == 0)
        check_and_tell(fake, check, fds[1]);
    close(fds[1]);
    ck_assert_int_ge(read(fds[0], text, sizeof text - 1), 0);
    close(fds[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    return *text == '\0' ? NULL : g_strdup(text);
}
