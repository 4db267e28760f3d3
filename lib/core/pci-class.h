/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What a PCI function of @class (0x010802) is, for people who want to know what they would
 * lose: "an NVMe disk". */
const char *aqr_pci_class_name(guint32 class);
