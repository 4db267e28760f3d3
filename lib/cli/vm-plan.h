/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/vm-options.h"
#include "core/vm-spec.h"
#include "host/stop.h"

/* What VM the options come to on this host. What the command line says by itself
 * is cli/vm-options' business. */

/* Looks at the host and the images, and decides what the options left open.
 * @socket_dir is where the VM's sockets and EFI variables go, @store_dir where its
 * overlay goes. Cut short by @stop. */
AqrVmSpec *aqr_vm_plan_make(const AqrVmOptions *options, const char *socket_dir,
                            const char *store_dir, const AqrStop *stop,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How long a boot may take, in seconds: VFIO and hardware take tens of them, an
 * emulated processor is some ten times slower. */
int aqr_vm_plan_boot_seconds(const AqrVmOptions *options, AqrAccel accel);
