/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/kfd-scan.h"

#include "core/kfd-node.h"
#include "host/sysfs.h"

#define TOPOLOGY "/sys/class/kfd/kfd/topology"

static void
tell_device(const GPtrArray *devices, const AqrKfdNode *node)
{
    for (guint i = 0; i < devices->len; i++) {
        AqrPciDevice *device = g_ptr_array_index(devices, i);

        if (aqr_kfd_node_is_of(node, device)) {
            device->gfx_version = node->gfx_version;
            device->hive = node->hive;
        }
    }
}

void
aqr_kfd_scan(const GPtrArray *devices)
{
    g_auto(GStrv) names = aqr_sysfs_list(TOPOLOGY, "nodes");

    for (char **name = names; *name != NULL; name++) {
        g_autofree char *dir = g_build_filename(TOPOLOGY, "nodes", *name, NULL);
        g_autofree char *properties = aqr_sysfs_read(dir, "properties");
        AqrKfdNode node;

        if (properties == NULL)
            continue;
        aqr_kfd_node_parse(properties, &node);
        tell_device(devices, &node);
    }
}
