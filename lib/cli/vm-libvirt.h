/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/vm-options.h"
#include "host/stop.h"

/* Which libvirt runs the VM, where nobody says. */

/* (transfer full): --connect, otherwise LIBVIRT_DEFAULT_URI. Otherwise the system's daemon where
 * it lets this user in, and libvirt inside of this process where it does not, or when the image
 * itself is written to: it is the caller's, and not the daemon's. Only with GPUs that none but the
 * daemon can bind it is the daemon then, too. That one which refuses is not used is said.
 * AQR_ERROR_HOST: it does not answer; AQR_ERROR_STOPPED. */
char *aqr_vm_libvirt_choose(const AqrVmOptions *options, const AqrStop *stop,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
