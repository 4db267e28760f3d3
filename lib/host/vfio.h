/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"

/* What VFIO on this host allows, asked beforehand: libvirt's and QEMU's own words for most
 * of it do not tell the cases apart (INTERNAL_ERROR). The checks change nothing. */

/* AQR_ERROR_HOST, with the remedy, where no device can be passed at all: no IOMMU, no
 * vfio-pci, or it is blacklisted, no vfio_iommu_type1. */
gboolean aqr_vfio_check_host(GError **error);

/* As root loads vfio-pci, without which libvirt does not even try; for others it is loaded,
 * as aqr_vfio_check_host() has found. AQR_ERROR_HOST. */
gboolean aqr_vfio_load(GError **error);

/* Whether a process has one of @gpu's functions open now, whoever it is: as VFIO (another
 * QEMU), or as a DRM or KFD device (a program that computes or shows something on it). Such
 * a GPU must not be touched: unbinding it takes it out of the running guest. AQR_ERROR_GPU
 * names the process where /proc lets us see it. */
gboolean aqr_vfio_check_unused(const AqrGpu *gpu, GError **error);

/* Whether a user who is not root, and QEMU with him, may use @gpu as it is: all functions
 * on vfio-pci already, /dev/vfio/GROUP open to him (which is not tried: one may have it), and
 * RLIMIT_MEMLOCK no less than @ram_mib and 1 GiB. AQR_ERROR_HOST with the remedy. TRUE at once for
 * root. */
gboolean aqr_vfio_check_user(const AqrGpu *gpu, guint64 ram_mib, GError **error);
