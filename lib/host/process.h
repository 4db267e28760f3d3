/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "host/wait.h"

/* Other processes, told apart: a pid is given to another once its process has gone. */

/* When it started, in the kernel's ticks since boot (proc(5), stat's field 22): with the
 * pid its name for ever. 0: there is none, or it cannot be seen. */
guint64 aqr_process_start(GPid pid);

/* Whose child it is; 0: there is none, or it cannot be seen. */
GPid aqr_process_parent(GPid pid);

/* Whether @pid is still the one that started at @start. */
gboolean aqr_process_is(GPid pid, guint64 start);

/* Waits until the process of the pidfd @fd has ended; a zombie has. FALSE: the patience is over. */
gboolean aqr_process_wait(int fd, const AqrPatience *patience);
