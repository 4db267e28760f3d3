/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Wakes the main context up whenever the kernel tells of a device of @subsystem, "pci", that
 * comes, goes or is bound: so who waits (host/wait) for what sysfs shows then looks anew.
 * Needs no udev daemon. Where the kernel's events cannot be had, nobody is woken. */
typedef struct AqrUdevWake AqrUdevWake;

AqrUdevWake *aqr_udev_wake_new(const char *subsystem) G_GNUC_WARN_UNUSED_RESULT;
void aqr_udev_wake_free(AqrUdevWake *wake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrUdevWake, aqr_udev_wake_free)
