/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/vm-options.h"
#include "host/stop.h"

/* rocm-qemu-setup --selftest: the whole way of a GPU, several times, on this host. */

/* Goes through it @rounds times, until something fails, and prints a report. TRUE: all went
 * well. FALSE without an error: the report says what did not; with one: there was no test. */
gboolean setup_selftest(const AqrVmOptions *options, guint rounds, AqrStop *stop, GError **error);
