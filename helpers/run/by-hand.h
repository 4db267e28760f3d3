/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/with-testbed.h"
#include "options.h"

/* What a person does with a VM, from its start to its end. */
typedef struct {
    const RunOptions *options;
    AqrStop *stop;
    int status; /* what the shell or the command came to */
} ByHand;

/* An AqrTestbedUse; @data is a ByHand. */
gboolean by_hand(AqrTestbed *testbed, AqrLiveWorld *world, const AqrLiveConfig *config,
                 gpointer data, GError **error);
