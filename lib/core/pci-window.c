/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-window.h"

#define N_BARS_AND_ROM 7

/* Linux's include/linux/ioport.h. */
#define IORESOURCE_IO 0x100u
#define IORESOURCE_MEM 0x200u
#define IORESOURCE_PREFETCH 0x2000u
#define IORESOURCE_MEM_64 0x100000u

/* The steps of a bridge's windows are 4 KiB and 1 MiB; firmware gives memory in pages of
 * 2 MiB (SeaBIOS's PCI_BRIDGE_MEM_MIN). */
#define LEAST_IO (G_GUINT64_CONSTANT(1) << 12)
#define LEAST_MEMORY (G_GUINT64_CONSTANT(1) << 21)

/* More than any processor addresses. */
#define NO_SIZE (G_GUINT64_CONSTANT(1) << 52)

/* Nothing of 0 stays nothing. */
static guint64
power_of_two(guint64 size, guint64 least)
{
    guint64 power = least;

    while (power < size)
        power <<= 1;
    return size == 0 ? 0 : power;
}

/* "0x000000e000000000 0x000000e3ffffffff 0x000000000014220c": first, last and flags. A BAR
 * that the host has given no place still has its size. */
static void
add_line(AqrPciWindow *needed, const char *line)
{
    char *rest;
    guint64 first = g_ascii_strtoull(line, &rest, 16);
    guint64 last = g_ascii_strtoull(rest, &rest, 16);
    guint64 flags = g_ascii_strtoull(rest, NULL, 16);
    guint64 wide = IORESOURCE_PREFETCH | IORESOURCE_MEM_64;
    guint64 size;

    if (last <= first || last - first >= NO_SIZE)
        return;
    size = power_of_two(last - first + 1, 1);
    if ((flags & IORESOURCE_IO) != 0)
        needed->io += size;
    else if ((flags & IORESOURCE_MEM) != 0 && (flags & wide) == wide)
        needed->prefetchable += size;
    else if ((flags & IORESOURCE_MEM) != 0)
        needed->memory += size;
}

/* Firmware aligns a window to 2 MiB, and not to the BARs that will be in it: so there must be
 * room for twice the largest, and half of that again for the others. OVMF rounds every size
 * up to a power of two (HighBitSetRoundUp64() in its PciHotPlugInit.c). */
static guint64
with_alignment(guint64 needed)
{
    return power_of_two(needed <= LEAST_MEMORY ? needed : needed + needed / 2, LEAST_MEMORY);
}

AqrPciWindow
aqr_pci_window_of(const char *resource)
{
    g_auto(GStrv) lines = g_strsplit(resource, "\n", -1);
    AqrPciWindow needed = { 0 };

    for (unsigned i = 0; i < N_BARS_AND_ROM && lines[i] != NULL; i++)
        add_line(&needed, lines[i]);
    return (AqrPciWindow){ .io = power_of_two(needed.io, LEAST_IO),
                           .memory = with_alignment(needed.memory),
                           .prefetchable = with_alignment(needed.prefetchable) };
}

AqrPciWindow
aqr_pci_window_join(AqrPciWindow a, AqrPciWindow b)
{
    return (AqrPciWindow){ .io = MAX(a.io, b.io),
                           .memory = MAX(a.memory, b.memory),
                           .prefetchable = MAX(a.prefetchable, b.prefetchable) };
}
