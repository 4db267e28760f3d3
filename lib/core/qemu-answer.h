/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What QEMU's monitor answers (docs/interop/qmp-spec of QEMU). */

/* FALSE and AQR_ERROR_HOST with QEMU's words: it says no, or something else than an answer. */
gboolean aqr_qemu_answer_check(const char *answer, GError **error);

/* The status that a query-migrate tells ("completed"; transfer full), or NULL and
 * AQR_ERROR_HOST. *@why (transfer full) is what QEMU says of a failure, or NULL. */
char *aqr_qemu_answer_migration(const char *answer, char **why,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
