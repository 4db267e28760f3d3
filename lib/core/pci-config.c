/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-config.h"

/* Offsets and bits are of the kernel's pci_regs.h. */
#define HEADER_LENGTH 0x40u
#define STATUS 0x06u
#define STATUS_CAPABILITIES 0x10u
#define CAPABILITIES 0x34u
#define CAPABILITY_PCIE 0x10u
#define PCIE_FLAGS 0x02u
#define PCIE_DEVCAP2 0x24u
#define PCIE_DEVCTL2 0x28u

/* As many as fit between header and end: a longer list goes in circles. */
#define MAX_CAPABILITIES ((0x100u - HEADER_LENGTH) / 4)

gboolean
aqr_pci_config_is_lost(GBytes *config)
{
    gsize length = 0;
    const guint8 *bytes = config == NULL ? NULL : g_bytes_get_data(config, &length);

    if (length < HEADER_LENGTH)
        return FALSE;
    for (gsize i = 0; i < HEADER_LENGTH; i++) {
        if (bytes[i] != 0xff)
            return FALSE;
    }
    return TRUE;
}

static guint16
read16(const guint8 *bytes)
{
    return (guint16)(bytes[0] | bytes[1] << 8);
}

/* Where the PCI Express capability begins; 0: there is none. FALSE where the list leads out
 * of what is known, or does not end. */
static gboolean
find_pcie(const guint8 *bytes, gsize length, guint *found)
{
    guint offset = (bytes[STATUS] & STATUS_CAPABILITIES) != 0 ? bytes[CAPABILITIES] & ~3u : 0;

    for (guint n = 0; n < MAX_CAPABILITIES; n++) {
        if (offset == 0 ||
            (offset >= HEADER_LENGTH && offset + 2 <= length && bytes[offset] == CAPABILITY_PCIE)) {
            *found = offset;
            return TRUE;
        }
        if (offset < HEADER_LENGTH || offset + 2 > length)
            return FALSE;
        offset = bytes[offset + 1] & ~3u;
    }
    return FALSE;
}

AqrPciePresence
aqr_pci_config_read_pcie(GBytes *config, AqrPcie *pcie)
{
    gsize length = 0;
    const guint8 *bytes = config == NULL ? NULL : g_bytes_get_data(config, &length);
    AqrPcie read = { 0 };
    guint16 flags;
    guint offset;

    if (length < HEADER_LENGTH || aqr_pci_config_is_lost(config) ||
        !find_pcie(bytes, length, &offset))
        return AQR_PCIE_UNREADABLE;
    if (offset == 0)
        return AQR_PCIE_ABSENT;
    if (offset + PCIE_FLAGS + 2 > length)
        return AQR_PCIE_UNREADABLE;
    flags = read16(bytes + offset + PCIE_FLAGS);
    read.type = (AqrPcieType)(flags >> 4 & 0xf);
    if ((flags & 0xf) >= 2) {
        if (offset + PCIE_DEVCTL2 + 2 > length)
            return AQR_PCIE_UNREADABLE;
        read.devcap2 = read16(bytes + offset + PCIE_DEVCAP2) |
                       (guint32)read16(bytes + offset + PCIE_DEVCAP2 + 2) << 16;
        read.devctl2 = read16(bytes + offset + PCIE_DEVCTL2);
    }
    *pcie = read;
    return AQR_PCIE_PRESENT;
}
