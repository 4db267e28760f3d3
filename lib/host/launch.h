/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/connection.h"
#include "host/gpu-hold.h"
#include "host/vm.h"
#include "host/warm-start.h"

/* How a testbed gets its VMs: booted or restored, with what has to be done for its GPUs around
 * that. It runs nothing by itself, and borrows all that it consists of. */
typedef struct {
    const AqrVmConfig *vm;
    AqrConnection *connection;
    AqrWarmStart *warm;
} AqrLaunch;

/* Starts a VM as aqr_warm_start_choose() has it, at most @most; the spec's warm.use says what it
 * came to. One that was restored is up: its agent has answered. Where it cannot be restored, or
 * be started to be saved, it boots, unless the user will have nothing less. Transfer full. */
AqrVm *aqr_launch_vm(const AqrLaunch *launch, AqrGpuHold *gpus, AqrWarmUse most,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends *@vm, which is NULL then, and looks after its GPUs. What has not ended has them still:
 * they are the keeper's business from here on. */
void aqr_launch_end(AqrVm **vm, AqrGpuHold *gpus);

/* The VM that was started last does not work: whether one may boot instead, which the log is told.
 * Unless it is only for its GPUs, what it came from is not used again. */
gboolean aqr_launch_may_boot(const AqrLaunch *launch, gboolean gpus_only, const GError *why);

/* Remembers of the GPUs that were plugged into the last VM that was restored that @why. */
void aqr_launch_distrust_gpus(const AqrLaunch *launch, const char *why);

/* Saves *@vm, which was started for it and has nothing running in it, and ends it: it is NULL
 * then. If it cannot be saved the log is told, nothing of it is kept, and it goes on where it
 * still can; FALSE and an error where the user will have nothing less. @finished: its start is
 * complete; one that is not is not saved. */
gboolean aqr_launch_save(const AqrLaunch *launch, AqrVm **vm, gboolean finished, GError **error);
