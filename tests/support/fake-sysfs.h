/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Hardware as data: from the moment that there is one, this process sees the sysfs of
 * tests/fixtures/@name.host and nothing of this machine's. Needs umockdev's preload. */
#include <glib.h>

typedef struct FakeSysfs FakeSysfs;

/* @name: of the fixture; NULL: a sysfs without any device. */
FakeSysfs *fake_sysfs_new(const char *name) G_GNUC_WARN_UNUSED_RESULT;
void fake_sysfs_free(FakeSysfs *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeSysfs, fake_sysfs_free)

/* Where the file that is seen as @path, "/sys/...", really is: to tamper with it. */
char *fake_sysfs_path(FakeSysfs *fake, const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* As the kernel tells of the device at @path, "/sys/devices/...": "add", "remove". */
void fake_sysfs_tell(FakeSysfs *fake, const char *path, const char *action);
