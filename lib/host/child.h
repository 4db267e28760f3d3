/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/error.h"
#include "host/wait.h"

/* Runs a host program to its end. @code and "cannot ..." in the error tell what
 * @doing was; its stderr is the reason. (transfer full): its stdout. */
char *aqr_child_run(const char *const *argv, AqrError code, const char *doing,
                    const AqrPatience *patience, GError **error) G_GNUC_WARN_UNUSED_RESULT;
