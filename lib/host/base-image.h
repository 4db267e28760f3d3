/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "host/domain.h"
#include "host/guest-link.h"

/* The base image in the guest, as it was before the guest wrote to its disk: a
 * read-only disk, /dev/baseimage, that is plugged in while the guest runs. It has
 * the same file systems as the guest's own disk, with the same identifiers: a guest
 * that starts while it is there might take the one for the other. */

/* Plugs it in, unless it is in, and waits for /dev/baseimage, after each start of the guest. */
gboolean aqr_base_image_plug(AqrDomain *domain, AqrGuestLink *link, const AqrVmSpec *spec,
                             const AqrPatience *patience, GError **error);

/* Takes it out before the guest restarts, and waits until the guest has let go.
 * Harmless when it is not there. */
gboolean aqr_base_image_unplug(AqrDomain *domain, const AqrPatience *patience, GError **error);
