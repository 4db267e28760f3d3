/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/host-facts.h"
#include "options.h"

/* rocm-qemu-setup --debci-worker: (transfer full) what it tells, after it was set where
 * --apply says so. *@good: it all went well. NULL and @error: the file with the URL of the
 * AMQP server cannot be read, or has none. */
char *setup_debci_worker(const SetupOptions *options, const AqrHostQuery *query, gboolean colour,
                         gboolean *good, GError **error) G_GNUC_WARN_UNUSED_RESULT;
