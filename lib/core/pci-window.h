/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* How much room a root port must have reserved for a PCI function that is plugged into it
 * later: a guest gives its ports their windows when it boots, and an empty one gets next to
 * nothing. In bytes, each 0 or a power of two. */
typedef struct {
    guint64 io;           /* ports */
    guint64 memory;       /* below 4 GiB: all BARs of 32 bits, and what cannot be prefetched */
    guint64 prefetchable; /* of 64 bits */
} AqrPciWindow;

/* Of what the function's file "resource" in sysfs says: a line for each BAR, then one for
 * the ROM. Lines that make no sense count for nothing. */
AqrPciWindow aqr_pci_window_of(const char *resource);

/* One in which either finds its place. */
AqrPciWindow aqr_pci_window_join(AqrPciWindow a, AqrPciWindow b);
