/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/pci-device.h"

/* All PCI functions of this host (AqrPciDevice), by address, as sysfs shows them now. Needs
 * no rights and no udev daemon. One that goes while it is looked at is left out.
 *
 * The configuration space is read of AMD's GPUs, of those whose virtual functions they are,
 * and of the bridges above, and of nothing else: it tells whether they are still there and what
 * they do with atomics, but reading it wakes a function from D3cold. Only its first 256 bytes:
 * there is what is asked for.
 *
 * NULL and AQR_ERROR_HOST where the kernel shows no PCI bus: in a container without /sys,
 * or on a machine without one. */
GPtrArray *aqr_pci_scan(GError **error) G_GNUC_WARN_UNUSED_RESULT;
