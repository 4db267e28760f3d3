/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/world.h"

/* From nothing to a guest that can be used, and has its GPUs: by booting, or by restoring one
 * that was saved when it had booted. Who comes first boots one without GPUs, saves it, and then
 * restores it as everybody after. Whatever does not work in a restored one is tried once more
 * with one that boots. */
typedef struct {
    const AqrWorld *world;
    gpointer data;
    const char *time_zone; /* NULL: the guest keeps its own */
    gboolean has_gpus;
    /* Makes what a testbed needs in a guest that is up; its failure is one of the VM. */
    gboolean (*prepare)(gpointer user, GError **error);
    gpointer user;
} AqrBringUp;

/* *@started: there is a VM to be stopped, also after a failure. */
gboolean aqr_bring_up(const AqrBringUp *what, gboolean *started, GError **error);
