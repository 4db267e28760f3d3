/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-inventory.h"

#include "base/error.h"
#include "host/pci-scan.h"

struct AqrGpuInventory {
    AqrGpuTable *table;
    GPtrArray *devices; /* of AqrPciDevice */
    GPtrArray *gpus;    /* of AqrGpu, which borrow devices and rows of the table */
};

static AqrGpuTable *
read_table(const char *path, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *text = NULL;
    AqrGpuTable *table;

    if (!g_file_get_contents(path, &text, NULL, &why)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "cannot read the table of GPUs: %s; does AQR_DATA_DIR name its directory?",
                    why->message);
        return NULL;
    }
    table = aqr_gpu_table_parse(text, error);
    if (table == NULL)
        g_prefix_error(error, "\"%s\": ", path);
    return table;
}

AqrGpuInventory *
aqr_gpu_inventory_new(const char *table, GError **error)
{
    g_autoptr(AqrGpuInventory) inventory = g_new0(AqrGpuInventory, 1);

    inventory->table = read_table(table, error);
    if (inventory->table == NULL)
        return NULL;
    inventory->devices = aqr_pci_scan(error);
    if (inventory->devices == NULL)
        return NULL;
    inventory->gpus = aqr_gpu_list(inventory->devices, inventory->table);
    return g_steal_pointer(&inventory);
}

void
aqr_gpu_inventory_free(AqrGpuInventory *inventory)
{
    if (inventory == NULL)
        return;
    g_clear_pointer(&inventory->gpus, g_ptr_array_unref);
    g_clear_pointer(&inventory->devices, g_ptr_array_unref);
    g_clear_pointer(&inventory->table, aqr_gpu_table_free);
    g_free(inventory);
}

const GPtrArray *
aqr_gpu_inventory_get_gpus(const AqrGpuInventory *inventory)
{
    return inventory->gpus;
}

const GPtrArray *
aqr_gpu_inventory_get_devices(const AqrGpuInventory *inventory)
{
    return inventory->devices;
}

/* NULL: nothing to say. */
static char *
describe_oddity(const AqrGpuTable *table, const AqrGpu *gpu)
{
    const AqrPciDevice *device = gpu->device;
    const AqrGpuRow *row = aqr_gpu_table_find(table, device->device);
    g_autofree char *address = aqr_gpu_address(gpu);

    if (row == NULL && gpu->gfx == NULL)
        return g_strdup_printf("GPU %s: the PCI id %04x:%04x is not in the table of GPUs, so "
                               "nobody knows its gfx target; name it by its address",
                               address, device->vendor, device->device);
    if (row == NULL)
        return g_strdup_printf("GPU %s: the PCI id %04x:%04x is not in the table of GPUs; it is "
                               "known as %s only while amdgpu has it",
                               address, device->vendor, device->device, gpu->gfx);
    if (g_strcmp0(row->gfx, gpu->gfx) != 0)
        return g_strdup_printf(
            "GPU %s: the table of GPUs takes %04x:%04x for %s, but amdgpu says %s", address,
            device->vendor, device->device, row->gfx, gpu->gfx);
    return NULL;
}

/* Eight of a kind need one remark. */
static gboolean
is_first_of_kind(const GPtrArray *gpus, guint index)
{
    const AqrGpu *gpu = g_ptr_array_index(gpus, index);

    for (guint i = 0; i < index; i++) {
        const AqrGpu *earlier = g_ptr_array_index(gpus, i);

        if (earlier->device->device == gpu->device->device &&
            g_strcmp0(earlier->gfx, gpu->gfx) == 0)
            return FALSE;
    }
    return TRUE;
}

GStrv
aqr_gpu_inventory_remarks(const AqrGpuInventory *inventory)
{
    g_autoptr(GStrvBuilder) remarks = g_strv_builder_new();

    for (guint i = 0; i < inventory->gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(inventory->gpus, i);
        g_autofree char *remark = describe_oddity(inventory->table, gpu);

        if (remark != NULL && is_first_of_kind(inventory->gpus, i))
            g_strv_builder_add(remarks, remark);
    }
    return g_strv_builder_end(remarks);
}
