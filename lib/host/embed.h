/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The directory under which libvirt's QEMU driver works inside this process.
 * Only one process may use a root at a time, and what a killed one leaves there
 * confuses the next: so every process has its own, and they share only what is
 * dear, QEMU's probed capabilities (8 s to make). */

/* Makes the root @root, configured, with what is known of QEMU. (transfer
 * full): the URI to connect to. AQR_ERROR_HOST. */
char *aqr_embed_prepare(const char *root, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts what libvirt found out about QEMU where the next process finds it. A
 * failure costs time only, and is not reported. */
void aqr_embed_share_capabilities(const char *root);
