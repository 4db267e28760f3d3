/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "host/libvirt.h"

/* Whether QEMU, which a daemon on this host runs as a user of its own, can get at
 * what the VM needs: the images, and the directories of the overlay and the sockets.
 * libvirt would only say "Permission denied", and only when the VM starts. Knows
 * modes; what other security models forbid is left to QEMU. AQR_ERROR_HOST. */
gboolean aqr_reach_check(virConnectPtr connection, const AqrVmSpec *spec, GError **error);

/* Gives the file @path to the user that libvirt's daemon runs QEMU as, if that is not the
 * caller's own anyway: libvirt does so only with files that a domain's XML names. AQR_ERROR_HOST:
 * only root can. */
gboolean aqr_reach_give(virConnectPtr connection, const char *path, GError **error);
