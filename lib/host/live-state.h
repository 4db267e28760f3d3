/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/launch.h"
#include "host/live-world.h"

/* What host/live-world (VMs and GPUs, come and gone) and host/live-guest (what is done in the
 * guest) share. Not for others. */
struct AqrLiveWorld {
    const AqrLiveConfig *config;
    AqrVmSpec *spec;
    AqrConnection *connection;
    GBytes *agent;
    AqrVmConfig vm_config;
    AqrWarmStart *warm;
    AqrLaunch launch;
    AqrGpuHold *gpus;                 /* NULL: it has none, and needs none yet */
    AqrVm *vm;                        /* NULL: none runs */
    gboolean unfinished;              /* its start: not all units of the guest are up */
    gboolean plugged;                 /* its GPUs, into the running guest */
    gint64 steps[AQR_STEP_CLOSE + 1]; /* when they began; 0: they did not */
    GPtrArray *failures;              /* of GPUs in a guest, not counted yet; or NULL */
    char *gpu_facts;                  /* what a guest said last of its GPUs; NULL: nothing */
    unsigned ssh_port;                /* on the host, to the guest; 0: none */
};
