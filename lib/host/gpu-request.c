/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-request.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/lease-dir.h"
#include "host/quarantine.h"
#include "host/vfio.h"

char *
aqr_gpu_request_slot(const AqrPciDevice *device)
{
    return device->is_vf ? aqr_pci_address_to_string(&device->address)
                         : aqr_pci_address_slot(&device->address);
}

GPtrArray *
aqr_gpu_request_slots(const AqrGpu *gpu)
{
    g_autoptr(GPtrArray) slots = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(gpu->together, i);
        g_autofree char *slot = aqr_gpu_request_slot(device);

        if (!g_ptr_array_find_with_equal_func(slots, slot, g_str_equal, NULL))
            g_ptr_array_add(slots, g_steal_pointer(&slot));
    }
    return g_steal_pointer(&slots);
}

gboolean
aqr_gpu_request_check_quarantine(const AqrGpu *gpu, GError **error)
{
    g_autoptr(GPtrArray) slots = aqr_gpu_request_slots(gpu);
    g_autofree char *address = aqr_gpu_address(gpu);

    for (guint i = 0; i < slots->len; i++) {
        const char *slot = g_ptr_array_index(slots, i);
        g_autofree char *reason = aqr_quarantine_reason(slot);

        if (reason != NULL) {
            g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                        "GPU %s: is in quarantine: %s; when it is mended, rocm-qemu-gpus "
                        "release %s%s",
                        address, reason, slot, strchr(slot, '.') == NULL ? ".0" : "");
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
check_usable(const AqrGpu *gpu, const AqrGpuRequest *request, GError **error)
{
    return (request->mended_later || aqr_gpu_request_check_quarantine(gpu, error)) &&
           (!request->own_qemu || aqr_vfio_check_user(gpu, request->ram_mib, error));
}

static gboolean
is_asked_for(const AqrGpu *gpu, const GPtrArray *selectors)
{
    for (guint i = 0; i < selectors->len; i++) {
        const AqrGpuSelector *selector = g_ptr_array_index(selectors, i);

        if (selector->wish == AQR_GPU_ADDRESS &&
            aqr_pci_address_equal(&selector->address, &gpu->device->address))
            return TRUE;
    }
    return FALSE;
}

/* Those of @inventory that somebody may have, whether or not they can be passed. One that is
 * asked for by its address and may not be had is an error; any other is left out, and
 * @refused tells why. */
static GPtrArray *
list_usable(const AqrGpuRequest *request, const AqrGpuInventory *inventory, GString *refused,
            GError **error)
{
    const GPtrArray *gpus = aqr_gpu_inventory_get_gpus(inventory);
    g_autoptr(GPtrArray) usable = g_ptr_array_new();

    for (guint i = 0; i < gpus->len; i++) {
        AqrGpu *gpu = g_ptr_array_index(gpus, i);
        g_autoptr(GError) reason = NULL;

        if (check_usable(gpu, request, &reason)) {
            g_ptr_array_add(usable, gpu);
        } else if (is_asked_for(gpu, request->selectors)) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return NULL;
        } else {
            g_string_append_printf(refused, "; %s", reason->message);
        }
    }
    return g_steal_pointer(&usable);
}

/* Without it each GPU would be one in quarantine. */
static gboolean
check_lease_dir(GError **error)
{
    int dir;

    if (!aqr_lease_dir_open(FALSE, &dir, error))
        return FALSE;
    if (dir >= 0)
        close(dir);
    return TRUE;
}

GPtrArray *
aqr_gpu_request_choose(const AqrGpuRequest *request, const AqrGpuInventory *inventory,
                       AqrGpuIsFree is_free, gpointer data, GError **error)
{
    g_autoptr(GString) refused = g_string_new(NULL);
    g_autoptr(GPtrArray) usable = NULL;
    g_autoptr(GPtrArray) chosen = NULL;
    g_autoptr(GError) failed = NULL;

    if (request->selectors->len == 0)
        return g_ptr_array_new();
    if (!check_lease_dir(error))
        return NULL;
    if (!aqr_gpu_selectors_check(request->selectors, aqr_gpu_inventory_get_devices(inventory),
                                 aqr_gpu_inventory_get_gpus(inventory), error))
        return NULL;
    usable = list_usable(request, inventory, refused, error);
    if (usable == NULL)
        return NULL;
    if (usable->len == 0 && refused->len > 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "no GPU of this host can be had: %s",
                    refused->str + strlen("; "));
        return NULL;
    }
    chosen = aqr_gpu_choose(request->selectors, usable, request->forced, is_free, data, &failed);
    if (failed != NULL)
        g_set_error(error, failed->domain, failed->code, "%s%s", failed->message, refused->str);
    return g_steal_pointer(&chosen);
}

static gboolean
is_free_on_paper(G_GNUC_UNUSED const AqrGpu *gpu, G_GNUC_UNUSED gpointer data)
{
    return TRUE;
}

GPtrArray *
aqr_gpu_request_plan(const AqrGpuRequest *request, const AqrGpuInventory *inventory, GError **error)
{
    if (request->selectors->len > 0 && !aqr_vfio_check_host(error))
        return NULL;
    return aqr_gpu_request_choose(request, inventory, is_free_on_paper, NULL, error);
}

static gboolean
is_one_of(const AqrPciDevice *device, const GPtrArray *gpus)
{
    for (guint i = 0; i < gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(gpus, i);

        if (gpu->device == device)
            return TRUE;
    }
    return FALSE;
}

void
aqr_gpu_request_describe(const GPtrArray *gpus, AqrVmGpus *described)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    g_array_set_size(described->gpus, 0);
    g_array_set_size(described->companions, 0);
    described->managed = FALSE;
    described->window = (AqrPciWindow){ 0 };
    for (guint i = 0; i < gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(gpus, i);

        g_array_append_val(described->gpus, gpu->device->address);
        described->window = aqr_pci_window_join(described->window, gpu->device->window);
        for (guint j = 0; j < gpu->together->len; j++) {
            AqrPciDevice *device = g_ptr_array_index(gpu->together, j);

            described->managed = described->managed || !aqr_pci_device_is_on_vfio(device);
            if (!is_one_of(device, gpus) && g_hash_table_add(seen, device))
                g_array_append_val(described->companions, device->address);
        }
    }
}
