/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-hold.h"

#include "base/error.h"
#include "host/gpu-bind.h"
#include "host/gpu-health.h"
#include "host/keeper.h"
#include "host/lease.h"
#include "host/quarantine.h"
#include "host/vfio.h"

struct AqrGpuHold {
    const AqrGpuHoldConfig *config;
    AqrGpuInventory *inventory; /* the GPUs are its */
    GPtrArray *gpus;
    GPtrArray *leases; /* AqrLease */
    AqrGpuDrivers *drivers;
    AqrKeeper *keeper;
};

static void
note(const AqrGpuHoldConfig *config, const char *text)
{
    config->note(text, config->data);
}

/* --- to have them ------------------------------------------------------ */

typedef struct {
    AqrGpuHold *hold;
    AqrLeaseWatch *watch; /* NULL: nobody waits */
    GString *busy;        /* who has what */
    gboolean changed;     /* another look is worth it */
    GError *failed;
} Taking;

static gboolean
take_leases(Taking *taking, const AqrGpu *gpu, GPtrArray *leases, GError **error)
{
    g_autoptr(GPtrArray) slots = aqr_gpu_request_slots(gpu);

    for (guint i = 0; i < slots->len; i++) {
        AqrLease *lease =
            aqr_lease_take(g_ptr_array_index(slots, i), taking->hold->config->purpose, error);

        if (lease == NULL)
            return FALSE;
        g_ptr_array_add(leases, lease);
    }
    return TRUE;
}

static gboolean
is_leased(const AqrGpuHold *hold, const AqrGpu *gpu)
{
    g_autofree char *slot = aqr_pci_address_slot(&gpu->device->address);

    for (guint i = 0; i < hold->leases->len; i++) {
        if (g_str_equal(aqr_lease_get_slot(g_ptr_array_index(hold->leases, i)), slot))
            return TRUE;
    }
    return FALSE;
}

/* One that is free is ours from here on: whoever asks next finds it taken. */
static gboolean
lease_if_free(const AqrGpu *gpu, gpointer data)
{
    Taking *taking = data;
    g_autoptr(GPtrArray) leases = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_lease_free);
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autoptr(GError) reason = NULL;

    if (is_leased(taking->hold, gpu))
        return TRUE;
    if (take_leases(taking, gpu, leases, &reason) && aqr_vfio_check_unused(gpu, &reason)) {
        g_ptr_array_extend_and_steal(taking->hold->leases, g_steal_pointer(&leases));
        return TRUE;
    }
    if (!g_error_matches(reason, AQR_ERROR, AQR_ERROR_GPU) && taking->failed == NULL)
        taking->failed = g_steal_pointer(&reason);
    else
        g_string_append_printf(taking->busy, "%s%s: %s", taking->busy->len > 0 ? "; " : "", address,
                               reason->message);
    return FALSE;
}

/* What was leased on the way to a choice that needed less. */
static void
drop_unused_leases(AqrGpuHold *hold)
{
    g_autoptr(GPtrArray) needed = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < hold->gpus->len; i++)
        g_ptr_array_extend_and_steal(needed,
                                     aqr_gpu_request_slots(g_ptr_array_index(hold->gpus, i)));
    for (guint i = hold->leases->len; i > 0; i--) {
        const char *slot = aqr_lease_get_slot(g_ptr_array_index(hold->leases, i - 1));

        if (!g_ptr_array_find_with_equal_func(needed, slot, g_str_equal, NULL))
            g_ptr_array_remove_index(hold->leases, i - 1);
    }
}

/* TRUE: it is settled, for good or with taking->failed. All or nothing: who waits for one
 * GPU while he has another could wait for somebody who does the same. */
static gboolean
try_once(Taking *taking)
{
    AqrGpuHold *hold = taking->hold;
    g_autoptr(GPtrArray) chosen = NULL;

    taking->changed = FALSE;
    g_string_truncate(taking->busy, 0);
    g_ptr_array_set_size(hold->leases, 0);
    g_clear_pointer(&hold->inventory, aqr_gpu_inventory_free);
    hold->inventory = aqr_gpu_inventory_new(hold->config->request.table, &taking->failed);
    if (hold->inventory == NULL)
        return TRUE;
    chosen = aqr_gpu_request_choose(&hold->config->request, hold->inventory, lease_if_free, taking,
                                    &taking->failed);
    if (chosen == NULL || taking->failed != NULL) {
        g_ptr_array_set_size(hold->leases, 0);
        return taking->failed != NULL;
    }
    g_ptr_array_unref(hold->gpus);
    hold->gpus = g_steal_pointer(&chosen);
    drop_unused_leases(hold);
    return TRUE;
}

static void
handle_change(gpointer data)
{
    Taking *taking = data;

    taking->changed = TRUE;
}

static gboolean
is_settled(gpointer data)
{
    Taking *taking = data;

    return taking->changed && try_once(taking);
}

static void
say_waiting(const Taking *taking)
{
    g_autofree char *text = g_strdup_printf("waiting for a GPU: %s", taking->busy->str);

    note(taking->hold->config, text);
}

static gboolean
wait_for_gpus(Taking *taking, GError **error)
{
    const AqrGpuHoldConfig *config = taking->hold->config;
    AqrPatience patience = aqr_patience(config->wait, config->stop);
    g_autoptr(AqrLeaseWatch) watch = aqr_lease_watch_new(handle_change, taking, error);
    g_autoptr(GError) failed = NULL;

    if (watch == NULL)
        return FALSE;
    say_waiting(taking);
    taking->changed = TRUE; /* one may have been given back before it was watched */
    if (aqr_wait_until(is_settled, taking, "a GPU", &patience, &failed))
        return TRUE;
    if (aqr_patience_is_over(&patience))
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU, "no GPU is free after %d s: %s",
                    (int)(config->wait / G_TIME_SPAN_SECOND), taking->busy->str);
    else
        g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

static gboolean
take(Taking *taking, GError **error)
{
    if (!try_once(taking)) {
        if (taking->hold->config->wait == 0) {
            g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                        "no GPU is free: %s; wait for one with --gpu-wait", taking->busy->str);
            return FALSE;
        }
        if (!wait_for_gpus(taking, error))
            return FALSE;
    }
    if (taking->failed == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&taking->failed));
    return FALSE;
}

static gboolean
post_keeper(AqrGpuHold *hold, GError **error)
{
    if (hold->gpus->len == 0)
        return TRUE;
    hold->drivers = aqr_gpu_drivers_of(hold->gpus);
    hold->keeper = aqr_keeper_new(hold->config->keeper, hold->leases, hold->drivers, NULL, error);
    return hold->keeper != NULL;
}

AqrGpuHold *
aqr_gpu_hold_take(const AqrGpuHoldConfig *config, GError **error)
{
    g_autoptr(AqrGpuHold) hold = g_new0(AqrGpuHold, 1);
    g_autoptr(GString) busy = g_string_new(NULL);
    Taking taking = { .hold = hold, .busy = busy };

    hold->config = config;
    hold->gpus = g_ptr_array_new();
    hold->leases = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_lease_free);
    if ((config->request.selectors->len > 0 &&
         !(aqr_vfio_check_host(error) && aqr_vfio_load(error))) ||
        !take(&taking, error) || !post_keeper(hold, error))
        return NULL;
    return g_steal_pointer(&hold);
}

void
aqr_gpu_hold_free(AqrGpuHold *hold)
{
    if (hold == NULL)
        return;
    aqr_keeper_free(hold->keeper);
    aqr_gpu_drivers_free(hold->drivers);
    g_ptr_array_unref(hold->leases);
    g_ptr_array_unref(hold->gpus);
    aqr_gpu_inventory_free(hold->inventory);
    g_free(hold);
}

/* --- while it has them ------------------------------------------------- */

const GPtrArray *
aqr_gpu_hold_get_gpus(const AqrGpuHold *hold)
{
    return hold->gpus;
}

GPtrArray *
aqr_gpu_hold_expect(const AqrGpuHold *hold)
{
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_expected_free);

    for (guint i = 0; i < hold->gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(hold->gpus, i);
        AqrGpuExpected *expected = g_new0(AqrGpuExpected, 1);

        expected->device = gpu->device->device;
        expected->gfx = g_strdup(gpu->gfx);
        expected->address = aqr_gpu_address(gpu);
        g_ptr_array_add(all, expected);
    }
    return g_steal_pointer(&all);
}

/* TRUE: it is well, maybe again. Otherwise it is in quarantine. */
static gboolean
make_well(const AqrGpuHold *hold, const AqrGpu *gpu, GError **error)
{
    const AqrGpuHoldConfig *config = hold->config;
    g_autofree char *slot = aqr_pci_address_slot(&gpu->device->address);
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autoptr(GError) sick = NULL;

    if (aqr_gpu_health_check(gpu, &sick))
        return TRUE;
    note(config, sick->message);
    g_clear_error(&sick);
    if (aqr_gpu_health_recover(gpu, NULL, config->note, config->data, &sick))
        return TRUE;
    if (!aqr_quarantine_set(slot, sick->message, NULL))
        note(config, "it could not be put into quarantine");
    g_propagate_prefixed_error(error, g_steal_pointer(&sick),
                               "GPU %s is in quarantine now: ", address);
    return FALSE;
}

gboolean
aqr_gpu_hold_check(AqrGpuHold *hold, GError **error)
{
    for (guint i = 0; i < hold->gpus->len; i++) {
        if (!make_well(hold, g_ptr_array_index(hold->gpus, i), error))
            return FALSE;
    }
    return TRUE;
}

void
aqr_gpu_hold_tell_qemu(AqrGpuHold *hold, GPid qemu)
{
    if (hold->keeper != NULL)
        aqr_keeper_tell_qemu(hold->keeper, qemu);
}

void
aqr_gpu_hold_restore(AqrGpuHold *hold)
{
    g_autoptr(GError) failed = NULL;

    if (hold->gpus->len == 0)
        return;
    if (!aqr_gpu_drivers_are_back(hold->drivers) &&
        !aqr_gpu_drivers_restore(hold->drivers, &failed))
        note(hold->config, failed->message);
    for (guint i = 0; i < hold->gpus->len; i++) {
        g_autoptr(GError) sick = NULL;

        if (!make_well(hold, g_ptr_array_index(hold->gpus, i), &sick))
            note(hold->config, sick->message);
    }
}
