/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/domain.h"

/* The state of a VM without its memory and disk, which core/domain-warm and host/warm-cache
 * are about: half a megabyte and more, in QEMU's own format. It goes through a pipe of ours
 * (later QEMUs want no plain files there), and its QEMU must be the same. */

/* Pauses the VM and takes its state. (transfer full): then the VM is to be destroyed, it can
 * not go on. NULL and AQR_ERROR_HOST, as when a device cannot be saved: then it runs again,
 * or has been ended where it cannot. */
GBytes *aqr_migration_save(AqrDomain *domain, const AqrPatience *patience,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the state to a VM that waits for one (AQR_WARM_RESTORE), and lets it run.
 * AQR_ERROR_HOST; AQR_ERROR_GUEST where it ends, or does not get done in time. */
gboolean aqr_migration_load(AqrDomain *domain, GBytes *state, const AqrPatience *patience,
                            GError **error);
