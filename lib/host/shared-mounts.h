/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "host/guest-link.h"
#include "host/wait.h"

/* The shared directories of @spec: before the VM is started, and in its guest. */

/* AQR_ERROR_HOST where we ourselves could not use one of them as it is meant. QEMU
 * may run as somebody else: what he may not, only QEMU finds out. */
gboolean aqr_shared_mounts_check(const AqrVmSpec *spec, GError **error);

/* Mounts them, after each start of the guest. */
gboolean aqr_shared_mounts_add(AqrGuestLink *link, const AqrVmSpec *spec,
                               const AqrPatience *patience, GError **error);
