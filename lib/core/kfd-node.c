/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kfd-node.h"

#include <string.h>

#define FUNCTION 7u /* the bits of a location that name it */

static guint64
read_property(const char *text, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    gsize length = strlen(name);

    for (char **line = lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, name) && (*line)[length] == ' ')
            return g_ascii_strtoull(*line + length, NULL, 10);
    }
    return 0;
}

void
aqr_kfd_node_parse(const char *text, AqrKfdNode *node)
{
    node->simd_count = (guint32)read_property(text, "simd_count");
    node->gfx_version = (guint32)read_property(text, "gfx_target_version");
    node->vendor = (guint16)read_property(text, "vendor_id");
    node->device = (guint16)read_property(text, "device_id");
    node->domain = (guint32)read_property(text, "domain");
    node->location = (guint32)read_property(text, "location_id");
    node->hive = read_property(text, "hive_id");
}

gboolean
aqr_kfd_node_is_of(const AqrKfdNode *node, const AqrPciDevice *device)
{
    const AqrPciAddress *address = &device->address;
    guint32 slot = (guint32)address->bus << 8 | (guint32)address->slot << 3;

    return node->simd_count > 0 && node->vendor == device->vendor &&
           node->device == device->device && node->domain == address->domain &&
           (node->location & ~FUNCTION) == slot &&
           (address->function == 0 || (node->location & FUNCTION) == address->function);
}
