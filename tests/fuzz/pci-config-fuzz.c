/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-config.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree guint8 *copy = g_memdup2(bytes, length);
    g_autoptr(GBytes) config = g_bytes_new_static(copy, length);
    AqrPcie pcie = { 0 };
    AqrPciePresence presence = aqr_pci_config_read_pcie(config, &pcie);

    g_assert(presence == AQR_PCIE_PRESENT ||
             (pcie.type == 0 && pcie.devcap2 == 0 && pcie.devctl2 == 0));
    g_assert(presence == AQR_PCIE_UNREADABLE || (length >= 64 && !aqr_pci_config_is_lost(config)));
    return 0;
}
