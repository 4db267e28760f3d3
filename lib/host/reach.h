/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "host/libvirt.h"

/* Whether QEMU, which a daemon on this host runs as a user of its own, can get at
 * what the VM needs: the images, and the directories of the overlay and the sockets.
 * libvirt would only say "Permission denied", and only when the VM starts. Knows
 * modes; what other security models forbid is left to QEMU. AQR_ERROR_HOST. */
gboolean aqr_reach_check(virConnectPtr connection, const AqrVmSpec *spec, GError **error);
