/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The part of host/host-facts that looks at GPUs. */
#include "host/gpu-inventory.h"
#include "host/gpu-request.h"
#include "host/host-facts.h"
#include "host/lease.h"
#include "host/quarantine.h"
#include "host/vfio.h"

/* Who has its lease, or uses it without one. */
static char *
describe_holder(const AqrGpu *gpu, const char *slot)
{
    g_auto(AqrLeaseHolder) holder = { 0 };
    g_autoptr(GError) error = NULL;

    if (!aqr_lease_is_held(slot, &holder))
        return aqr_vfio_check_unused(gpu, &error) ? NULL : g_strdup(error->message);
    if (holder.pid == 0)
        return g_strdup("by whom is unknown");
    return g_strdup_printf("pid %d (%s), %s", (int)holder.pid,
                           holder.program == NULL ? "unknown program" : holder.program,
                           holder.purpose == NULL ? "for an unknown purpose" : holder.purpose);
}

static void
add_gpu(AqrHostFacts *facts, const AqrGpu *gpu, const char *root)
{
    g_autofree char *slot = aqr_gpu_request_slot(gpu->device);
    g_autofree char *path = g_strdup_printf("/dev/vfio/%d", gpu->device->iommu_group);
    AqrHostGpu *found = g_new0(AqrHostGpu, 1);

    found->gpu = gpu;
    found->held_by = describe_holder(gpu, slot);
    found->quarantined = aqr_quarantine_reason(slot);
    aqr_host_node_look(root, path, &found->node);
    g_ptr_array_add(facts->gpus, found);
}

static gboolean
is_asked_for(const AqrGpu *gpu, const GPtrArray *slots)
{
    for (guint i = 0; i < slots->len; i++) {
        if (aqr_pci_address_equal(&gpu->device->address, g_ptr_array_index(slots, i)))
            return TRUE;
    }
    return slots->len == 0;
}

static gboolean
is_there(const AqrPciAddress *slot, const GPtrArray *gpus)
{
    for (guint i = 0; i < gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(gpus, i);

        if (aqr_pci_address_equal(&gpu->device->address, slot))
            return TRUE;
    }
    return FALSE;
}

static GStrv
list_missing(const GPtrArray *slots, const GPtrArray *gpus)
{
    g_autoptr(GStrvBuilder) missing = g_strv_builder_new();
    gboolean any = FALSE;

    for (guint i = 0; i < slots->len; i++) {
        g_autofree char *address = aqr_pci_address_to_string(g_ptr_array_index(slots, i));

        if (is_there(g_ptr_array_index(slots, i), gpus))
            continue;
        g_strv_builder_add(missing, address);
        any = TRUE;
    }
    return any ? g_strv_builder_end(missing) : NULL;
}

static void
free_inventory(gpointer data)
{
    aqr_gpu_inventory_free(data);
}

void
aqr_host_facts_add_gpus(AqrHostFacts *facts, const AqrHostQuery *query)
{
    g_autoptr(GError) error = NULL;
    AqrGpuInventory *inventory = aqr_gpu_inventory_new(query->table, &error);
    const GPtrArray *gpus;

    if (inventory == NULL) {
        facts->gpus_trouble = g_strdup(error->message);
        return;
    }
    facts->owner = inventory;
    facts->free_owner = free_inventory;
    gpus = aqr_gpu_inventory_get_gpus(inventory);
    for (guint i = 0; i < gpus->len; i++) {
        if (is_asked_for(g_ptr_array_index(gpus, i), query->slots))
            add_gpu(facts, g_ptr_array_index(gpus, i), query->root);
    }
    facts->missing_gpus = list_missing(query->slots, gpus);
}
