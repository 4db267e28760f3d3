/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/vm-options.h"
#include "core/vm-spec.h"
#include "host/gpu-request.h"
#include "host/stop.h"

/* What VM the options come to on this host. What the command line says by itself
 * is cli/vm-options' business. */

/* Looks at the host and the images, and decides what the options left open. Their libvirt is
 * chosen by then (cli/vm-libvirt); so for aqr_vm_plan_gpu_request().
 * @socket_dir is where the VM's sockets and EFI variables go, @store_dir where its
 * overlay goes, if it has one. Cut short by @stop. */
AqrVmSpec *aqr_vm_plan_make(const AqrVmOptions *options, const char *socket_dir,
                            const char *store_dir, const AqrStop *stop,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The VM's memory: what they say, or by default, which depends on the host's GPUs; NULL: it
 * has none. */
guint64 aqr_vm_plan_ram_mib(const AqrVmOptions *options, const AqrGpuInventory *inventory);

/* What the options ask for of GPUs, for a VM of @ram_mib, with the table of GPUs at @table.
 * Borrows all of it. */
AqrGpuRequest aqr_vm_plan_gpu_request(const AqrVmOptions *options, guint64 ram_mib,
                                      const char *table);

/* Whether a QEMU that runs as the caller can have the GPUs that are asked for, if any are. */
gboolean aqr_vm_plan_can_be_own(const AqrVmOptions *options);

/* How long a boot may take, in seconds: an emulated processor is some ten times slower than
 * a real one, and with a GPU all of the memory is pinned and cleared first. */
int aqr_vm_plan_boot_seconds(const AqrVmOptions *options, const AqrVmSpec *spec);

/* How long the guest may take to power itself off, in seconds; 0: it is not asked to. */
int aqr_vm_plan_poweroff_seconds(const AqrVmOptions *options, const AqrVmSpec *spec);
