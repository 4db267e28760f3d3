/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/gpu-report.h"
#include "host/gpu-inventory.h"

/* How each GPU of this host is at this moment: free, in use and by whom, in quarantine, or
 * not to be passed at all. Changes nothing. Transfer full: of AqrGpuStatus, whose GPUs are
 * @inventory's. */
GPtrArray *aqr_gpu_status_list(const AqrGpuInventory *inventory) G_GNUC_WARN_UNUSED_RESULT;
