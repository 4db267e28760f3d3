/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/copy.h"
#include "core/world.h"
#include "host/guest-link.h"
#include "host/wait.h"

/* Carries out a copy between host and guest. What cat and tar complain about
 * goes to our stderr; *@complaint (transfer full, NULL: none) is a line for the
 * log. FALSE and @error only when it was stopped, or the guest is lost. */
gboolean aqr_guest_copy(AqrGuestLink *link, const AqrCopy *copy, const AqrPatience *patience,
                        AqrCopyResult *result, char **complaint, GError **error);
