/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How many files this process may have open. Each command that runs in the guest holds
 * some; the usual limit of 1024 is there for programs that use select(). */

/* Raises it as far as it goes, and is of use. Once, first. */
void aqr_limits_raise(void);

/* In a child, before its program is started: as it was. Safe after fork(). */
void aqr_limits_restore(void *unused);
