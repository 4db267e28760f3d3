/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-status.h"

#include "base/error.h"
#include "host/gpu-request.h"
#include "host/gpu-strikes.h"
#include "host/lease.h"
#include "host/quarantine.h"
#include "host/vfio.h"

static char *
describe_holder(const AqrLeaseHolder *holder)
{
    if (holder->pid == 0)
        return g_strdup("in use");
    return g_strdup_printf("in use by pid %d (%s%s%s)", (int)holder->pid, holder->program,
                           holder->purpose == NULL ? "" : ": ",
                           holder->purpose == NULL ? "" : holder->purpose);
}

/* Whether one of the slots that go with the GPU is leased or in quarantine. */
static gboolean
look_at_slots(AqrGpuStatus *status)
{
    g_autoptr(GPtrArray) slots = aqr_gpu_request_slots(status->gpu);

    for (guint i = 0; i < slots->len; i++) {
        const char *slot = g_ptr_array_index(slots, i);
        g_auto(AqrLeaseHolder) holder = { 0 };

        status->reason = aqr_quarantine_reason(slot);
        if (status->reason != NULL) {
            status->state = AQR_GPU_SICK;
            return TRUE;
        }
        if (aqr_lease_is_held(slot, &holder)) {
            status->state = AQR_GPU_BUSY;
            status->reason = describe_holder(&holder);
            return TRUE;
        }
    }
    return FALSE;
}

static AqrGpuStatus *
look_at(const AqrGpu *gpu)
{
    AqrGpuStatus *status = g_new0(AqrGpuStatus, 1);
    g_autofree char *slot = aqr_gpu_request_slot(gpu->device);
    g_autoptr(GError) error = NULL;

    status->gpu = gpu;
    aqr_gpu_strikes_read(slot, &status->strikes);
    if (look_at_slots(status))
        return status;
    if (!aqr_gpu_check_passable(gpu, FALSE, &error))
        status->state = AQR_GPU_UNPASSABLE;
    else if (!aqr_vfio_check_unused(gpu, &error))
        status->state = AQR_GPU_BUSY;
    status->reason = error == NULL ? NULL : g_strdup(error->message);
    return status;
}

GPtrArray *
aqr_gpu_status_list(const AqrGpuInventory *inventory)
{
    const GPtrArray *gpus = aqr_gpu_inventory_get_gpus(inventory);
    GPtrArray *statuses = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_status_free);

    for (guint i = 0; i < gpus->len; i++)
        g_ptr_array_add(statuses, look_at(g_ptr_array_index(gpus, i)));
    return statuses;
}
