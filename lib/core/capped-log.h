/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A log that may become too long: its beginning, which is written as it comes, and its end,
 * which is kept here until the log is looked at. What is between is counted. */
typedef struct AqrCappedLog AqrCappedLog;

AqrCappedLog *aqr_capped_log_new(gsize head, gsize tail) G_GNUC_WARN_UNUSED_RESULT;
void aqr_capped_log_free(AqrCappedLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrCappedLog, aqr_capped_log_free)

/* How many of @bytes, from the first on, belong to the beginning; the others are kept. */
gsize aqr_capped_log_add(AqrCappedLog *log, const char *bytes,
                         gsize length) G_GNUC_WARN_UNUSED_RESULT;

/* What follows the beginning (transfer full): the end, behind a line that says how much is left
 * out, if any is. Empty if the beginning is all. */
GString *aqr_capped_log_rest(const AqrCappedLog *log) G_GNUC_WARN_UNUSED_RESULT;
