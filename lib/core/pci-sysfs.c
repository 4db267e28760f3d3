/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-sysfs.h"

#define N_BARS 6
#define IORESOURCE_MEM 0x200 /* Linux's include/linux/ioport.h */

gboolean
aqr_pci_sysfs_address(const char *syspath, AqrPciAddress *address)
{
    g_autofree char *name = g_path_get_basename(syspath);

    return aqr_pci_address_is(name) && aqr_pci_address_parse(name, address, NULL);
}

gboolean
aqr_pci_sysfs_parent(const char *syspath, AqrPciAddress *parent)
{
    g_autofree char *above = g_path_get_dirname(syspath);

    return aqr_pci_sysfs_address(above, parent);
}

/* "0x000000e000000000 0x000000e3ffffffff 0x000000000014220c": first, last and flags. */
static guint64
read_size(const char *line)
{
    char *rest;
    guint64 first = g_ascii_strtoull(line, &rest, 16);
    guint64 last = g_ascii_strtoull(rest, &rest, 16);
    guint64 flags = g_ascii_strtoull(rest, NULL, 16);

    return (flags & IORESOURCE_MEM) != 0 && last > first ? last - first + 1 : 0;
}

guint64
aqr_pci_sysfs_largest_bar(const char *resource)
{
    g_auto(GStrv) lines = g_strsplit(resource, "\n", -1);
    guint64 largest = 0;

    for (unsigned i = 0; i < N_BARS && lines[i] != NULL; i++)
        largest = MAX(largest, read_size(lines[i]));
    return largest;
}
