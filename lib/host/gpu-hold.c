/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-hold.h"

#include "base/error.h"
#include "host/gpu-bind.h"
#include "host/gpu-health.h"
#include "host/gpu-strikes.h"
#include "host/gpu-take.h"
#include "host/keeper.h"
#include "host/quarantine.h"
#include "host/vfio.h"

struct AqrGpuHold {
    const AqrGpuHoldConfig *config;
    AqrGpuTaken taken;
    AqrGpuDrivers *drivers;
    AqrKeeper *keeper;
    gboolean abandoned; /* a VM may have them still */
    gboolean left_over; /* not all is as it was before the last VM */
};

static void
note(const AqrGpuHoldConfig *config, const char *text)
{
    config->note(text, config->data);
}

/* --- to have them ------------------------------------------------------ */

static gboolean
post_keeper(AqrGpuHold *hold, GError **error)
{
    const AqrGpuHoldConfig *config = hold->config;

    if (hold->taken.gpus->len == 0)
        return TRUE;
    hold->drivers = aqr_gpu_drivers_of(hold->taken.gpus);
    hold->keeper =
        aqr_keeper_new(config->keeper, hold->taken.leases, hold->drivers, config->keep_open, error);
    return hold->keeper != NULL;
}

AqrGpuHold *
aqr_gpu_hold_take(const AqrGpuHoldConfig *config, GError **error)
{
    g_autoptr(AqrGpuHold) hold = g_new0(AqrGpuHold, 1);

    hold->config = config;
    if (!aqr_gpu_take(config, &hold->taken, error) || !post_keeper(hold, error))
        return NULL;
    return g_steal_pointer(&hold);
}

/* The leases are the keeper's, too: it goes last where it is to keep them, and first where
 * it is not, so that they are free when we say so. */
void
aqr_gpu_hold_free(AqrGpuHold *hold)
{
    if (hold == NULL)
        return;
    if (aqr_gpu_hold_trouble(hold) == NULL)
        g_clear_pointer(&hold->keeper, aqr_keeper_free);
    aqr_gpu_taken_clear(&hold->taken);
    if (hold->keeper != NULL)
        aqr_keeper_abandon(hold->keeper);
    aqr_gpu_drivers_free(hold->drivers);
    g_free(hold);
}

void
aqr_gpu_hold_abandon(AqrGpuHold *hold)
{
    hold->abandoned = TRUE;
}

/* --- while it has them ------------------------------------------------- */

const GPtrArray *
aqr_gpu_hold_get_gpus(const AqrGpuHold *hold)
{
    return hold->taken.gpus;
}

GPtrArray *
aqr_gpu_hold_expect(const AqrGpuHold *hold)
{
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_expected_free);

    for (guint i = 0; i < hold->taken.gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(hold->taken.gpus, i);
        AqrGpuExpected *expected = g_new0(AqrGpuExpected, 1);

        expected->device = gpu->device->device;
        expected->gfx = g_strdup(gpu->gfx);
        expected->address = aqr_gpu_address(gpu);
        g_ptr_array_add(all, expected);
    }
    return g_steal_pointer(&all);
}

/* As to the drivers: a repair takes a GPU from its driver, and the kernel may give it to
 * another. */
static gboolean
give_back(AqrGpuHold *hold, GError **error)
{
    hold->left_over =
        !aqr_gpu_drivers_are_back(hold->drivers) && !aqr_gpu_drivers_restore(hold->drivers, error);
    return !hold->left_over;
}

static gboolean
put_into_quarantine(const AqrGpuHold *hold, const AqrGpu *gpu, const char *reason)
{
    g_autofree char *slot = aqr_gpu_request_slot(gpu->device);
    g_autoptr(GError) failed = NULL;

    if (aqr_quarantine_set(slot, reason, &failed))
        return TRUE;
    note(hold->config, failed->message);
    return FALSE;
}

/* TRUE: it is well, maybe again. Otherwise it is in quarantine. */
static gboolean
make_well(AqrGpuHold *hold, const AqrGpu *gpu, GError **error)
{
    const AqrGpuHoldConfig *config = hold->config;
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autoptr(GError) sick = NULL;

    if (aqr_gpu_health_check(gpu, &sick))
        return TRUE;
    note(config, sick->message);
    g_clear_error(&sick);
    if (aqr_gpu_health_recover(gpu, NULL, config->note, config->data, &sick))
        return give_back(hold, error);
    put_into_quarantine(hold, gpu, sick->message);
    g_propagate_prefixed_error(error, g_steal_pointer(&sick),
                               "GPU %s is in quarantine now: ", address);
    return FALSE;
}

/* Between two VMs it is the host's again. */
static gboolean
check(AqrGpuHold *hold, const AqrGpu *gpu, GError **error)
{
    return aqr_gpu_request_check_quarantine(gpu, error) && aqr_vfio_check_unused(gpu, error) &&
           make_well(hold, gpu, error);
}

gboolean
aqr_gpu_hold_check(AqrGpuHold *hold, GError **error)
{
    const GPtrArray *gpus = hold->taken.gpus;

    for (guint i = 0; i < gpus->len; i++) {
        if (!check(hold, g_ptr_array_index(gpus, i), error))
            return FALSE;
    }
    return TRUE;
}

void
aqr_gpu_hold_tell_domain(AqrGpuHold *hold, const char *name, gboolean of_daemon)
{
    if (hold->keeper != NULL)
        aqr_keeper_tell_domain(hold->keeper, name, of_daemon);
}

void
aqr_gpu_hold_tell_qemu(AqrGpuHold *hold, GPid qemu)
{
    if (hold->keeper != NULL)
        aqr_keeper_tell_qemu(hold->keeper, qemu);
}

/* One that somebody has still is not touched. */
static gboolean
restore(AqrGpuHold *hold, const AqrGpu *gpu)
{
    g_autoptr(GError) failed = NULL;
    g_autoptr(GError) sick = NULL;

    if (!aqr_vfio_check_unused(gpu, &failed)) {
        note(hold->config, failed->message);
        return FALSE;
    }
    if (!make_well(hold, gpu, &sick))
        note(hold->config, sick->message);
    return !hold->left_over;
}

void
aqr_gpu_hold_restore(AqrGpuHold *hold)
{
    const GPtrArray *gpus = hold->taken.gpus;
    g_autoptr(GError) failed = NULL;
    gboolean done;

    if (gpus->len == 0 || hold->abandoned)
        return;
    done = give_back(hold, &failed);
    if (!done)
        note(hold->config, failed->message);
    for (guint i = 0; i < gpus->len; i++)
        done = restore(hold, g_ptr_array_index(gpus, i)) && done;
    hold->left_over = !done;
}

/* --- what became of them in a guest ------------------------------------ */

static void
forgive(const AqrGpuHold *hold, const AqrGpu *gpu)
{
    g_autofree char *slot = aqr_gpu_request_slot(gpu->device);
    g_autoptr(GError) failed = NULL;

    if (!aqr_gpu_strikes_end(slot, &failed))
        note(hold->config, failed->message);
}

void
aqr_gpu_hold_forgive(AqrGpuHold *hold)
{
    const GPtrArray *gpus = hold->taken.gpus;

    for (guint i = 0; i < gpus->len; i++)
        forgive(hold, g_ptr_array_index(gpus, i));
}

/* The quarantine has the reason from now on: who ends it lets the GPU begin anew. */
static gboolean
is_out(const AqrGpuHold *hold, const AqrGpu *gpu, const char *why)
{
    g_autofree char *slot = aqr_gpu_request_slot(gpu->device);
    g_auto(AqrStrikeNote) now = { 0 };
    g_autofree char *text = NULL;
    g_autoptr(GError) failed = NULL;

    if (!aqr_gpu_strikes_add(slot, why, &now, &failed)) {
        note(hold->config, failed->message);
        return FALSE;
    }
    text = aqr_strike_note_describe(&now);
    if (now.count < AQR_STRIKE_LIMIT || !put_into_quarantine(hold, gpu, text))
        return FALSE;
    forgive(hold, gpu);
    return TRUE;
}

static const AqrGpuFailure *
find_failure(const GPtrArray *failures, const char *address)
{
    for (guint i = 0; i < failures->len; i++) {
        const AqrGpuFailure *failure = g_ptr_array_index(failures, i);

        if (g_str_equal(failure->address, address))
            return failure;
    }
    return NULL;
}

char *
aqr_gpu_hold_count(AqrGpuHold *hold, const GPtrArray *failures)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < hold->taken.gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(hold->taken.gpus, i);
        g_autofree char *address = aqr_gpu_address(gpu);
        const AqrGpuFailure *failure = find_failure(failures, address);

        if (failure != NULL && is_out(hold, gpu, failure->why))
            g_ptr_array_add(lines, g_strdup_printf("GPU %s is in quarantine now, as it has failed "
                                                   "%d times in a row; when it is mended, "
                                                   "rocm-qemu-gpus release %s",
                                                   address, AQR_STRIKE_LIMIT, address));
    }
    g_ptr_array_add(lines, NULL);
    return lines->len == 1 ? NULL : g_strjoinv("\n", (char **)lines->pdata);
}

const char *
aqr_gpu_hold_trouble(const AqrGpuHold *hold)
{
    if (hold->abandoned)
        return "left to rocm-gpu-keeper: the VM could not be ended, and may have it still";
    if (hold->left_over)
        return "left to rocm-gpu-keeper: not all of the testbed's GPUs are as they were before it";
    return NULL;
}
