/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/pci-address.h"

/* What of a PCI function's directory in sysfs has to be worked out: its place, and what
 * some of its files say. Knows texts only; host/pci-scan reads them. */

/* The address of the function at @syspath, "/sys/devices/pci0000:00/0000:00:01.1". FALSE:
 * it is the directory of something else. */
gboolean aqr_pci_sysfs_address(const char *syspath, AqrPciAddress *address);

/* The bridge above it. FALSE: it is on a root bus, as those below a VMD are too. */
gboolean aqr_pci_sysfs_parent(const char *syspath, AqrPciAddress *parent);

/* The size of the largest of its memory BARs, of what the file "resource" says: a line for
 * each BAR, then for the ROM and for what a bridge lets through, which do not count. */
guint64 aqr_pci_sysfs_largest_bar(const char *resource);
