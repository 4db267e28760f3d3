/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Who has a PCI function open: as VFIO (a QEMU), or as a DRM device, which programs that
 * compute by the KFD have open too. Not who uses a sound card or a disk. */
typedef struct {
    GPid pid; /* 0: somebody whom we may not see */
    char *program;
    char *node; /* "/dev/vfio/8" */
} AqrDeviceUser;

/* One that has one of the functions @addresses ("0000:03:00.0") open now, by a node below
 * @where ("/dev/vfio/", or "/dev/" for any). FALSE: nobody is seen, and none of their VFIO
 * groups that we may open is busy. */
gboolean aqr_device_users_find(const GPtrArray *addresses, const char *where, AqrDeviceUser *user);

/* (transfer full): "pid 77 (qemu-system-x86), which has /dev/vfio/8 open". */
char *aqr_device_user_describe(const AqrDeviceUser *user) G_GNUC_WARN_UNUSED_RESULT;

void aqr_device_user_clear(AqrDeviceUser *user);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrDeviceUser, aqr_device_user_clear)
