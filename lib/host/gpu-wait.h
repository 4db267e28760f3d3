/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/gpu-ready.h"
#include "host/guest-link.h"
#include "host/wait.h"

/* Waits until the GPUs in the guest are @ready, as its kernel's messages go by: no polling.
 * @note gets remarks for the user. AQR_ERROR_GUEST says what is missing; at once where a
 * message says that it will not come, at the end of the patience otherwise. */
gboolean aqr_gpu_wait(AqrGuestLink *link, const GPtrArray *expected, AqrGpuReady ready,
                      const AqrPatience *patience, void (*note)(const char *text, gpointer data),
                      gpointer data, GError **error);
