/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-atomics.h"

#include "core/pci-config.h"

/* @reason is said of the function at @address. */
static AqrAtomics
answer(AqrAtomics atomics, const AqrPciAddress *address, const char *reason, char **why)
{
    g_autofree char *name = aqr_pci_address_to_string(address);

    *why = g_strconcat(name, " ", reason, NULL);
    return atomics;
}

/* YES: @pcie is read. */
static AqrAtomics
read_pcie(const AqrPciDevice *device, AqrPcie *pcie, char **why)
{
    if (aqr_pci_device_is_lost(device))
        return answer(AQR_ATOMICS_UNKNOWN, &device->address, "does not answer", why);
    switch (aqr_pci_config_read_pcie(device->config, pcie)) {
    case AQR_PCIE_PRESENT:
        return AQR_ATOMICS_YES;
    case AQR_PCIE_ABSENT:
        return answer(AQR_ATOMICS_NO, &device->address, "is conventional PCI", why);
    case AQR_PCIE_UNREADABLE:
        break;
    }
    return answer(AQR_ATOMICS_UNKNOWN, &device->address,
                  "shows its configuration space to root only", why);
}

static AqrAtomics
judge_completer(const AqrPciDevice *device, const AqrPcie *pcie, char **why)
{
    gboolean completes_32 = (pcie->devcap2 & AQR_PCIE_DEVCAP2_COMPLETES_32) != 0;
    gboolean completes_64 = (pcie->devcap2 & AQR_PCIE_DEVCAP2_COMPLETES_64) != 0;

    if (completes_32 && completes_64)
        return AQR_ATOMICS_YES;
    if (completes_64)
        return answer(AQR_ATOMICS_NO, &device->address, "does not complete 32 bit", why);
    if (completes_32)
        return answer(AQR_ATOMICS_NO, &device->address, "does not complete 64 bit", why);
    return answer(AQR_ATOMICS_NO, &device->address, "does not complete 32 and 64 bit", why);
}

static AqrAtomics
judge_switch(const AqrPciDevice *device, const AqrPcie *pcie, char **why)
{
    if (pcie->type != AQR_PCIE_UPSTREAM_PORT && pcie->type != AQR_PCIE_DOWNSTREAM_PORT)
        return answer(AQR_ATOMICS_NO, &device->address, "is no PCI Express port", why);
    if ((pcie->devcap2 & AQR_PCIE_DEVCAP2_ROUTES_ATOMICS) == 0)
        return answer(AQR_ATOMICS_NO, &device->address, "does not route them", why);
    if (pcie->type == AQR_PCIE_UPSTREAM_PORT &&
        (pcie->devctl2 & AQR_PCIE_DEVCTL2_BLOCKS_ATOMICS) != 0)
        return answer(AQR_ATOMICS_NO, &device->address, "is set to block them", why);
    return AQR_ATOMICS_YES;
}

static AqrAtomics
judge_endpoint(const AqrPciDevice *device, char **why)
{
    AqrPcie pcie;
    AqrAtomics atomics = read_pcie(device, &pcie, why);

    if (atomics != AQR_ATOMICS_YES)
        return atomics;
    if (pcie.type != AQR_PCIE_ENDPOINT && pcie.type != AQR_PCIE_LEGACY_ENDPOINT)
        return answer(AQR_ATOMICS_NO, &device->address,
                      "is part of the root complex, not behind a root port", why);
    return judge_completer(device, &pcie, why);
}

/* From @device up to the root port. */
static AqrAtomics
judge_path(const GPtrArray *devices, const AqrPciDevice *device, char **why)
{
    for (guint n = 0; n < devices->len && device->has_parent; n++) {
        const AqrPciDevice *port = aqr_pci_device_find(devices, &device->parent);
        AqrAtomics atomics;
        AqrPcie pcie;

        if (port == NULL)
            return answer(AQR_ATOMICS_UNKNOWN, &device->parent,
                          "is not among the functions of the host", why);
        atomics = read_pcie(port, &pcie, why);
        if (atomics != AQR_ATOMICS_YES)
            return atomics;
        if (pcie.type == AQR_PCIE_ROOT_PORT)
            return judge_completer(port, &pcie, why);
        atomics = judge_switch(port, &pcie, why);
        if (atomics != AQR_ATOMICS_YES)
            return atomics;
        device = port;
    }
    return answer(AQR_ATOMICS_NO, &device->address, "has no root port above it", why);
}

AqrAtomics
aqr_gpu_atomics_read(const GPtrArray *devices, const AqrPciDevice *device, AqrGpuKind kind,
                     char **reason)
{
    const AqrPciDevice *physical =
        device->is_vf ? aqr_pci_device_find(devices, &device->physical) : device;
    AqrAtomics atomics;

    *reason = NULL;
    if (kind == AQR_GPU_APU)
        return answer(AQR_ATOMICS_YES, &device->address,
                      "is an APU, which has them without PCI Express", reason);
    if (physical == NULL)
        return answer(AQR_ATOMICS_UNKNOWN, &device->physical,
                      "is not among the functions of the host", reason);
    atomics = judge_endpoint(physical, reason);
    return atomics == AQR_ATOMICS_YES ? judge_path(devices, physical, reason) : atomics;
}
