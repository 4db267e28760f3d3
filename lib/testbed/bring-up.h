/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/world.h"

/* From nothing to a guest that is up, and has its GPUs: by booting, or by restoring one that
 * was saved when it had booted. Who comes first boots one without GPUs, saves it, and then
 * restores it as everybody after. */
typedef struct {
    const AqrWorld *world;
    gpointer data;
    const char *time_zone; /* NULL: the guest keeps its own */
    gboolean has_gpus;
} AqrBringUp;

/* *@started: there is a VM to be stopped, also after a failure. */
gboolean aqr_bring_up(const AqrBringUp *what, gboolean *started, GError **error);
