/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu.h"

#include "base/error.h"
#include "core/gpu-atomics.h"
#include "core/gpu-together.h"
#include "core/pci-class.h"

#define VENDOR_AMD_GRAPHICS 0x1002
#define VENDOR_AMD_PROCESSORS 0x1022

gboolean
aqr_gpu_is(const AqrPciDevice *device)
{
    guint32 class = device->class >> 8;

    return device->vendor == VENDOR_AMD_GRAPHICS && device->n_vfs == 0 &&
           (class == 0x0300 || class == 0x0380 || class == 0x1200);
}

static void
set_gfx(AqrGpu *gpu, const AqrGpuRow *row)
{
    gpu->gfx = aqr_gfx_from_target_version(gpu->device->gfx_version);
    gpu->gfx_source = AQR_GFX_KFD;
    if (gpu->gfx == NULL) {
        gpu->gfx = aqr_gfx_from_gc_version(gpu->device->gc_version);
        gpu->gfx_source = AQR_GFX_DISCOVERY;
    }
    if (gpu->gfx == NULL && row != NULL) {
        gpu->gfx = g_strdup(row->gfx);
        gpu->gfx_source = AQR_GFX_TABLE;
    }
    if (gpu->gfx == NULL)
        gpu->gfx_source = AQR_GFX_UNKNOWN;
}

static AqrGpuKind
find_kind(const GPtrArray *devices, const AqrPciDevice *device, const AqrGpuRow *row)
{
    if (device->is_vf)
        return AQR_GPU_VIRTUAL;
    if (row != NULL)
        return row->kind;
    for (guint i = 0; i < devices->len; i++) {
        const AqrPciDevice *other = devices->pdata[i];

        if (other->vendor == VENDOR_AMD_PROCESSORS &&
            aqr_pci_address_same_slot(&other->address, &device->address))
            return AQR_GPU_APU;
    }
    return AQR_GPU_DISCRETE;
}

static AqrGpu *
make_gpu(const GPtrArray *devices, const AqrPciDevice *device, const AqrGpuTable *table)
{
    const AqrGpuRow *row = aqr_gpu_table_find(table, device->device);
    AqrGpu *gpu = g_new0(AqrGpu, 1);

    gpu->device = device;
    set_gfx(gpu, row);
    gpu->kind = find_kind(devices, device, row);
    gpu->name = row != NULL && *row->name != '\0'
                    ? g_strdup(row->name)
                    : g_strdup_printf("%04x:%04x", device->vendor, device->device);
    gpu->together = aqr_gpu_together(devices, device);
    gpu->foreign = aqr_gpu_foreign(devices, gpu->together);
    gpu->atomics = aqr_gpu_atomics_read(devices, device, gpu->kind, &gpu->atomics_reason);
    return gpu;
}

static gint
compare_addresses(gconstpointer a, gconstpointer b)
{
    const AqrGpu *one = *(const AqrGpu *const *)a;
    const AqrGpu *other = *(const AqrGpu *const *)b;

    return aqr_pci_address_compare(&one->device->address, &other->device->address);
}

GPtrArray *
aqr_gpu_list(const GPtrArray *devices, const AqrGpuTable *table)
{
    GPtrArray *gpus = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_free);

    for (guint i = 0; i < devices->len; i++) {
        if (aqr_gpu_is(devices->pdata[i]))
            g_ptr_array_add(gpus, make_gpu(devices, devices->pdata[i], table));
    }
    g_ptr_array_sort(gpus, compare_addresses);
    return gpus;
}

void
aqr_gpu_free(AqrGpu *gpu)
{
    if (gpu == NULL)
        return;
    g_free(gpu->gfx);
    g_free(gpu->name);
    g_ptr_array_unref(gpu->together);
    g_ptr_array_unref(gpu->foreign);
    g_free(gpu->atomics_reason);
    g_free(gpu);
}

AqrGpu *
aqr_gpu_find(const GPtrArray *gpus, const AqrPciAddress *address)
{
    for (guint i = 0; i < gpus->len; i++) {
        AqrGpu *gpu = gpus->pdata[i];

        if (aqr_pci_address_equal(&gpu->device->address, address))
            return gpu;
    }
    return NULL;
}

char *
aqr_gpu_address(const AqrGpu *gpu)
{
    return aqr_pci_address_to_string(&gpu->device->address);
}

char *
aqr_gpu_names(const GPtrArray *gpus)
{
    GString *text = g_string_new(gpus->len == 0 ? "none" : NULL);

    for (guint i = 0; i < gpus->len; i++) {
        const AqrGpu *gpu = gpus->pdata[i];
        g_autofree char *address = aqr_gpu_address(gpu);

        g_string_append_printf(text, "%s%s (%s)", i == 0 ? "" : ", ", address,
                               gpu->gfx != NULL ? gpu->gfx : "gfx target unknown");
    }
    return g_string_free(text, FALSE);
}

/* --- what speaks against it ----------------------------------------------- */

static gboolean
is_lost(const AqrPciDevice *device)
{
    return aqr_pci_device_is_lost(device);
}

static gboolean
has_no_iommu(const AqrPciDevice *device)
{
    return device->iommu_group < 0;
}

static gboolean
is_display_in_use(const AqrPciDevice *device)
{
    return device->boot_vga && device->driver != NULL && !aqr_pci_device_is_on_vfio(device);
}

/* The first of those that must go along which @is so, or NULL. */
static const AqrPciDevice *
find_one(const AqrGpu *gpu, gboolean (*is)(const AqrPciDevice *device))
{
    for (guint i = 0; i < gpu->together->len; i++) {
        if (is(gpu->together->pdata[i]))
            return gpu->together->pdata[i];
    }
    return NULL;
}

/* "0000:05:00.0 (an NVMe disk, driver nvme), 0000:06:00.0 (a network card)" */
static char *
describe_foreign(const AqrGpu *gpu)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < gpu->foreign->len; i++) {
        const AqrPciDevice *device = gpu->foreign->pdata[i];
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        g_string_append_printf(text, "%s%s (%s", i == 0 ? "" : ", ", address,
                               aqr_pci_class_name(device->class));
        if (device->driver != NULL)
            g_string_append_printf(text, ", driver %s", device->driver);
        g_string_append_c(text, ')');
    }
    return g_string_free(text, FALSE);
}

static gboolean
check_foreign(const AqrGpu *gpu, GError **error)
{
    const AqrPciDevice *first;
    g_autofree char *names = NULL;

    if (gpu->foreign->len == 0)
        return TRUE;
    first = gpu->foreign->pdata[0];
    names = describe_foreign(gpu);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                "the host would lose %s with it, by IOMMU group %d; put the card into another "
                "slot, or turn on ACS in the firmware",
                names, first->iommu_group);
    return FALSE;
}

/* What no force helps against. */
static gboolean
check_possible(const AqrGpu *gpu, GError **error)
{
    const AqrPciDevice *lost = find_one(gpu, is_lost);
    const AqrPciDevice *alone = find_one(gpu, has_no_iommu);
    const AqrPciDevice *device = lost != NULL ? lost : alone;
    g_autofree char *address = device == NULL ? NULL : aqr_pci_address_to_string(&device->address);

    if (lost != NULL) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "%s has fallen off the bus, and reads as all ones; restart the host", address);
        return FALSE;
    }
    if (alone != NULL) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "%s is in no IOMMU group; turn on the IOMMU (AMD-Vi, VT-d) in the firmware, "
                    "and for Intel's start the kernel with intel_iommu=on",
                    address);
        return FALSE;
    }
    return check_foreign(gpu, error);
}

static gboolean
check_display(const AqrGpu *gpu, GError **error)
{
    const AqrPciDevice *display = find_one(gpu, is_display_in_use);
    g_autofree char *address = NULL;

    if (display == NULL)
        return TRUE;
    address = aqr_pci_address_to_string(&display->address);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                "%s is the display that the host has booted on, and %s has it; bind it to vfio-pci "
                "when the host starts, or use --gpu-force",
                address, display->driver);
    return FALSE;
}

/* MI300X and its kin; MI300A is an APU. */
static gboolean
is_mi300_class(const AqrGpu *gpu)
{
    return gpu->kind == AQR_GPU_DISCRETE &&
           (g_strcmp0(gpu->gfx, "gfx942") == 0 || g_strcmp0(gpu->gfx, "gfx950") == 0);
}

static gboolean
check_wise(const AqrGpu *gpu, GError **error)
{
    if (!check_display(gpu, error))
        return FALSE;
    if (is_mi300_class(gpu)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "a reset by VFIO may lose a %s until the host restarts; pass one of its "
                    "virtual functions, which AMD's driver gim gives out, or use --gpu-force",
                    gpu->gfx);
        return FALSE;
    }
    if (gpu->kind == AQR_GPU_APU) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_GPU,
                            "it is part of the processor, an APU, and may need a restart of the "
                            "host after each guest; choose another, or use --gpu-force");
        return FALSE;
    }
    return TRUE;
}

gboolean
aqr_gpu_check_passable(const AqrGpu *gpu, gboolean forced, GError **error)
{
    g_autofree char *address = NULL;

    if (check_possible(gpu, error) && (forced || check_wise(gpu, error)))
        return TRUE;
    address = aqr_gpu_address(gpu);
    g_prefix_error(error, "GPU %s: ", address);
    return FALSE;
}
