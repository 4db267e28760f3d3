/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/pci-device.h"

/* A node of KFD's topology, by its file "properties", and which PCI function it is of.
 * host/kfd-scan finds the nodes. */
typedef struct {
    guint32 simd_count;  /* 0: not a GPU but a processor */
    guint32 gfx_version; /* gfx_target_version, as kfd_topology.c writes it */
    guint16 vendor;
    guint16 device;
    guint32 domain;
    guint32 location; /* bus << 8 | slot << 3 | function, and see aqr_kfd_node_is_of() */
    guint64 hive;     /* XGMI; 0: in none */
} AqrKfdNode;

/* What @text, lines of a name and a decimal number, says. What it does not say is 0. */
void aqr_kfd_node_parse(const char *text, AqrKfdNode *node);

/* Whether @node is the GPU @device, or a part of it. The kernel writes the number of the
 * part over the function where a GPU is partitioned (MI300 in CPX or DPX; kfd_topology.c:
 * location_id |= node_id), so there the rest of the place and the ids decide. */
gboolean aqr_kfd_node_is_of(const AqrKfdNode *node, const AqrPciDevice *device);
