/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "guest.h"

/* Brings an image up to date from within: boots it, has APT upgrade all packages from the
 * image's own sources, and clears away what that leaves. */

typedef struct {
    GuestConfig guest; /* its image is written to: give it a copy, and drop that if this fails;
                        * "boot" may be "both", as one of them will do */
    int timeout;       /* seconds for all of the upgrade; 0: an hour */
} UpdateConfig;

/* FALSE: the image may be anything. What failed in the guest is AQR_ERROR_GUEST, with the end of
 * what it said. */
gboolean update_image(const UpdateConfig *config, AqrStop *stop, GError **error);
