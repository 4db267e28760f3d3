/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"

/* Giving functions of a GPU back to the drivers that they had. Taking them is libvirt's
 * (managed='yes'); this is for what libvirt's end left behind, and for repairs. */

/* The drivers that the functions of some GPUs have now, and their driver_override. */
typedef struct AqrGpuDrivers AqrGpuDrivers;

AqrGpuDrivers *aqr_gpu_drivers_of(const GPtrArray *gpus) G_GNUC_WARN_UNUSED_RESULT;

/* "0000:03:00.0=amdgpu 0000:03:00.1=vfio-pci:vfio-pci", with the override behind the colon
 * and odd characters as in a URI, and back; AQR_ERROR_USAGE. */
char *aqr_gpu_drivers_to_string(const AqrGpuDrivers *drivers) G_GNUC_WARN_UNUSED_RESULT;
AqrGpuDrivers *aqr_gpu_drivers_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): "0000:03:00.0" and so on, of strings. */
GPtrArray *aqr_gpu_drivers_addresses(const AqrGpuDrivers *drivers) G_GNUC_WARN_UNUSED_RESULT;

void aqr_gpu_drivers_free(AqrGpuDrivers *drivers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuDrivers, aqr_gpu_drivers_free)

/* Whether each function that is still there has the driver that it had. */
gboolean aqr_gpu_drivers_are_back(const AqrGpuDrivers *drivers);

/* The same of those in @slot only: "0000:03:00", or one function of it, "0000:03:00.1". */
gboolean aqr_gpu_drivers_are_back_in(const AqrGpuDrivers *drivers, const char *slot);
gboolean aqr_gpu_drivers_is_in(const char *address, const char *slot);

/* Binds each to the driver that it had, where it has another, and sets its override back. A
 * function that has gone is passed over; one that somebody has open is left alone, and is a
 * failure. AQR_ERROR_GPU names the first that fails; the others are tried too. No step takes
 * more than a minute. Not for an ordinary user. */
gboolean aqr_gpu_drivers_restore(const AqrGpuDrivers *drivers, GError **error);
