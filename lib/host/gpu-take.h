/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/gpu-hold.h"

/* The first part of host/gpu-hold: to choose GPUs that nobody has, and to lease them. */
typedef struct {
    AqrGpuInventory *inventory; /* the GPUs are its; NULL where none is asked for */
    GPtrArray *gpus;            /* of AqrGpu */
    GPtrArray *leases;          /* of AqrLease */
} AqrGpuTaken;

/* Looks first, without a lease, and leases what it has chosen: who leases what he does not
 * want wakes those who wait, himself too, and is in the way of who wants that. All or
 * nothing: who waits for one GPU while he has another could wait for somebody who does the
 * same. Errors as of aqr_gpu_hold_take(); @taken is to be cleared after one, too. */
gboolean aqr_gpu_take(const AqrGpuHoldConfig *config, AqrGpuTaken *taken, GError **error);

/* The leases end. */
void aqr_gpu_taken_clear(AqrGpuTaken *taken);
