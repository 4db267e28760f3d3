/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/xml.h"
#include "core/vm-spec.h"

/* The part of core/domain-xml that is about GPUs. Each gets a pcie-root-port of its own and
 * is the only function in its slot: so QEMU shows PCIe atomics to the guest
 * (vfio_pci_enable_rp_atomics() in its hw/vfio/pci.c). libvirt by itself would put a device that it
 * takes for a conventional one behind a bridge. Companions are libvirt's to bind and to give back,
 * and not in the guest. */
void aqr_domain_gpus_write(AqrXml *xml, const AqrVmSpec *spec);

/* A warm VM has none of its GPUs when it starts, as what is passed cannot be saved, but an
 * empty port for each, with room for the GPU. Its companions are there when it is restored.
 * FALSE: the user has named a machine himself, and nobody knows of ports in that. */
gboolean aqr_domain_gpus_can_be_plugged(const AqrVmSpec *spec);

/* What is to be said of the ports past libvirt, after its devices. */
void aqr_domain_gpus_write_overrides(AqrXml *xml, const AqrVmSpec *spec);

/* (transfer full): the GPU @number as a device that is to be plugged into its port. */
char *aqr_domain_gpus_hostdev(const AqrVmSpec *spec, unsigned number) G_GNUC_WARN_UNUSED_RESULT;

/* The alias of the GPU @number: "ua-gpu0". */
#define AQR_DOMAIN_GPU_ALIAS "ua-gpu"
char *aqr_domain_gpu_alias(unsigned number) G_GNUC_WARN_UNUSED_RESULT;
