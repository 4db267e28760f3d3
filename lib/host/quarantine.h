/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* GPUs that nobody shall use until somebody has looked at them: a file per slot beside the
 * leases (host/lease-dir), with the reason. It is gone when the host has restarted, as /run
 * is. Who has put a GPU there, or root, ends it. */

/* NULL: @slot ("0000:03:00") is not in quarantine. Otherwise why, in one line; transfer
 * full. What cannot be read counts as one: the reason then says so. */
char *aqr_quarantine_reason(const char *slot) G_GNUC_WARN_UNUSED_RESULT;

/* AQR_ERROR_HOST. A slot that is in quarantine keeps its first reason. */
gboolean aqr_quarantine_set(const char *slot, const char *reason, GError **error);

/* Harmless for a slot that is in none. */
gboolean aqr_quarantine_end(const char *slot, GError **error);
