/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <libudev.h>

/* libudev's handles for the compiler to free. */
typedef struct udev AqrUdev;
typedef struct udev_enumerate AqrUdevEnumerate;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrUdev, udev_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrUdevEnumerate, udev_enumerate_unref)
