/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/udev-wake.h"

#include <glib-unix.h>

#include "host/udev.h"

struct AqrUdevWake {
    AqrUdev *udev;
    struct udev_monitor *monitor;
    guint source;
};

/* What it was is seen in sysfs. */
static gboolean
take_event(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrUdevWake *wake = data;
    struct udev_device *device = udev_monitor_receive_device(wake->monitor);

    if (device != NULL)
        udev_device_unref(device);
    return G_SOURCE_CONTINUE;
}

AqrUdevWake *
aqr_udev_wake_new(const char *subsystem)
{
    AqrUdevWake *wake = g_new0(AqrUdevWake, 1);

    wake->udev = udev_new();
    if (wake->udev != NULL)
        wake->monitor = udev_monitor_new_from_netlink(wake->udev, "kernel");
    if (wake->monitor == NULL)
        return wake;
    udev_monitor_filter_add_match_subsystem_devtype(wake->monitor, subsystem, NULL);
    if (udev_monitor_enable_receiving(wake->monitor) >= 0)
        wake->source = g_unix_fd_add(udev_monitor_get_fd(wake->monitor), G_IO_IN, take_event, wake);
    return wake;
}

void
aqr_udev_wake_free(AqrUdevWake *wake)
{
    if (wake == NULL)
        return;
    g_clear_handle_id(&wake->source, g_source_remove);
    g_clear_pointer(&wake->monitor, udev_monitor_unref);
    g_clear_pointer(&wake->udev, udev_unref);
    g_free(wake);
}
