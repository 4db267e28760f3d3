/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-take.h"

#include <string.h>

#include "base/error.h"
#include "host/lease.h"
#include "host/vfio.h"

/* Another look each time that somebody was quicker. */
#define MAX_TRIES 10

typedef struct {
    const AqrGpuHoldConfig *config;
    AqrGpuTaken *taken;
    GHashTable *unusable; /* slots whose lease nobody can have, and why: strings */
    GHashTable *looked;   /* AqrGpu of this look, and whether it is free */
    GString *busy;        /* who has what */
    gboolean may_end;     /* one of those may be given back */
    gboolean changed;     /* another look is worth it */
    GError *failed;
} Taking;

/* --- a look ------------------------------------------------------------ */

static void
add_reason(Taking *taking, const char *address, const GError *reason)
{
    g_string_append_printf(taking->busy, "%s%s: %s", taking->busy->len > 0 ? "; " : "", address,
                           reason->message);
    if (g_error_matches(reason, AQR_ERROR, AQR_ERROR_GPU))
        taking->may_end = TRUE;
}

static gboolean
check_leases(const Taking *taking, const AqrGpu *gpu, GError **error)
{
    g_autoptr(GPtrArray) slots = aqr_gpu_request_slots(gpu);

    for (guint i = 0; i < slots->len; i++) {
        const char *slot = g_ptr_array_index(slots, i);
        const char *why = g_hash_table_lookup(taking->unusable, slot);

        if (why != NULL) {
            g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST, why);
            return FALSE;
        }
        if (!aqr_lease_check(slot, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
look_at(Taking *taking, const AqrGpu *gpu)
{
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autoptr(GError) reason = NULL;

    if (aqr_gpu_request_check_quarantine(gpu, &reason) && check_leases(taking, gpu, &reason) &&
        aqr_vfio_check_unused(gpu, &reason))
        return TRUE;
    add_reason(taking, address, reason);
    return FALSE;
}

/* Asked more than once of a GPU; each is looked at, and told of, once. */
static gboolean
is_free(const AqrGpu *gpu, gpointer data)
{
    Taking *taking = data;
    gpointer known;

    if (g_hash_table_lookup_extended(taking->looked, gpu, NULL, &known))
        return GPOINTER_TO_INT(known);
    known = GINT_TO_POINTER(look_at(taking, gpu));
    g_hash_table_insert(taking->looked, (gpointer)gpu, known);
    return GPOINTER_TO_INT(known);
}

/* A host without the GPU that is asked for may get it, or get it back; and an operator may
 * yet do what a message tells him to do. */
static void
take_as_busy(Taking *taking, const GError *failed)
{
    g_string_assign(taking->busy, failed->message);
    taking->may_end = TRUE;
}

static GPtrArray *
look(Taking *taking, GError **error)
{
    const AqrGpuRequest *request = &taking->config->request;
    AqrGpuTaken *taken = taking->taken;

    g_clear_pointer(&taken->inventory, aqr_gpu_inventory_free);
    if (!aqr_vfio_check_host(error) || !aqr_vfio_load(error))
        return NULL;
    taken->inventory = aqr_gpu_inventory_new(request->table, error);
    if (taken->inventory == NULL)
        return NULL;
    return aqr_gpu_request_choose(request, taken->inventory, is_free, taking, error);
}

/* As the host is now. NULL: not now, or taking->failed. */
static GPtrArray *
choose(Taking *taking)
{
    GPtrArray *chosen;

    g_string_truncate(taking->busy, 0);
    g_hash_table_remove_all(taking->looked);
    taking->may_end = FALSE;
    chosen = look(taking, &taking->failed);
    if (taking->failed != NULL && taking->config->wait_absent) {
        take_as_busy(taking, taking->failed);
        g_clear_error(&taking->failed);
    }
    if (chosen == NULL && taking->failed == NULL && !taking->may_end)
        g_set_error(&taking->failed, AQR_ERROR, AQR_ERROR_HOST, "no GPU can be leased: %s",
                    taking->busy->str);
    return chosen;
}

/* --- to have them ------------------------------------------------------ */

static gint
compare_slots(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By name: of those who want some of the same, one gets all that he wants. */
static GPtrArray *
slots_of(const GPtrArray *gpus)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < gpus->len; i++)
        g_ptr_array_extend_and_steal(all, aqr_gpu_request_slots(g_ptr_array_index(gpus, i)));
    g_ptr_array_sort(all, compare_slots);
    for (guint i = all->len; i > 1; i--) {
        if (g_str_equal(all->pdata[i - 1], all->pdata[i - 2]))
            g_ptr_array_remove_index(all, i - 1);
    }
    return all;
}

static gboolean
take_lease(Taking *taking, const char *slot, GError **error)
{
    g_autoptr(GError) reason = NULL;
    AqrLease *lease = aqr_lease_take(slot, taking->config->purpose, &reason);

    if (lease != NULL) {
        g_ptr_array_add(taking->taken->leases, lease);
        return TRUE;
    }
    if (!g_error_matches(reason, AQR_ERROR, AQR_ERROR_GPU))
        g_hash_table_insert(taking->unusable, g_strdup(slot), g_strdup(reason->message));
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

static gboolean
take_leases(Taking *taking, const GPtrArray *gpus, GError **error)
{
    g_autoptr(GPtrArray) slots = slots_of(gpus);

    for (guint i = 0; i < slots->len; i++) {
        if (!take_lease(taking, g_ptr_array_index(slots, i), error))
            return FALSE;
    }
    for (guint i = 0; i < gpus->len; i++) {
        if (!aqr_vfio_check_unused(g_ptr_array_index(gpus, i), error))
            return FALSE;
    }
    return TRUE;
}

/* FALSE: not now, or taking->failed. */
static gboolean
try_once(Taking *taking)
{
    AqrGpuTaken *taken = taking->taken;

    for (int i = 0; i < MAX_TRIES; i++) {
        g_autoptr(GPtrArray) chosen = choose(taking);
        g_autoptr(GError) reason = NULL;

        if (chosen == NULL)
            return FALSE;
        if (take_leases(taking, chosen, &reason)) {
            g_ptr_array_extend(taken->gpus, chosen, NULL, NULL);
            return TRUE;
        }
        g_ptr_array_set_size(taken->leases, 0);
        add_reason(taking, "meanwhile", reason);
    }
    return FALSE;
}

/* --- to wait ----------------------------------------------------------- */

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

    if (!taking->changed)
        return FALSE;
    taking->changed = FALSE;
    return try_once(taking) || taking->failed != NULL;
}

static void
say_waiting(const Taking *taking)
{
    const AqrGpuHoldConfig *config = taking->config;
    g_autofree char *text = g_strdup_printf("waiting for a GPU: %s", taking->busy->str);

    config->note(text, config->data);
}

static gboolean
wait_for_gpus(Taking *taking, GError **error)
{
    const AqrGpuHoldConfig *config = taking->config;
    AqrPatience patience = aqr_patience(config->wait, config->stop);
    g_autoptr(GError) failed = NULL;
    g_autoptr(AqrLeaseWatch) watch = aqr_lease_watch_new(handle_change, taking, &failed);

    if (watch == NULL && !config->wait_absent) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    say_waiting(taking);
    g_clear_error(&failed); /* what there is to say of the directory has been said */
    taking->changed = TRUE; /* one may have been given back before it was watched */
    if (aqr_wait_until(is_settled, taking, "a GPU", &patience, &failed))
        return taking->failed == NULL;
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
    gboolean done = try_once(taking);

    if (done)
        return TRUE;
    if (taking->failed == NULL && taking->config->wait > 0)
        done = wait_for_gpus(taking, error);
    else if (taking->failed == NULL)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "no GPU is free: %s; wait for one with --gpu-wait", taking->busy->str);
    if (taking->failed != NULL)
        g_propagate_error(error, g_steal_pointer(&taking->failed));
    return done;
}

gboolean
aqr_gpu_take(const AqrGpuHoldConfig *config, AqrGpuTaken *taken, GError **error)
{
    g_autoptr(GHashTable) unusable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) looked = g_hash_table_new(NULL, NULL);
    g_autoptr(GString) busy = g_string_new(NULL);
    Taking taking = {
        .config = config,
        .taken = taken,
        .unusable = unusable,
        .looked = looked,
        .busy = busy,
    };

    taken->inventory = NULL;
    taken->gpus = g_ptr_array_new();
    taken->leases = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_lease_free);
    return config->request.selectors->len == 0 || take(&taking, error);
}

void
aqr_gpu_taken_clear(AqrGpuTaken *taken)
{
    g_clear_pointer(&taken->leases, g_ptr_array_unref);
    g_clear_pointer(&taken->gpus, g_ptr_array_unref);
    g_clear_pointer(&taken->inventory, aqr_gpu_inventory_free);
}
