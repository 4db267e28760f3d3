/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/gpu.h"

/* Whether VFIO will offer a guest PCIe atomics of 32 and 64 bit for the GPU @device, as the
 * kernel decides it (vfio_pci_info_atomic_cap(), pci_enable_atomic_ops_to_root()): it and
 * its root port complete them, every switch between routes them, and none blocks them. A
 * virtual function is judged by its physical one. An APU's driver takes them for granted
 * (amdgpu_device.c). @reason (transfer full) is NULL only where the path says yes. */
AqrAtomics aqr_gpu_atomics_read(const GPtrArray *devices, const AqrPciDevice *device,
                                AqrGpuKind kind, char **reason);
