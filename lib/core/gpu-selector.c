/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-selector.h"

#include "base/error.h"
#include "core/pci-class.h"

static void
free_selector(gpointer data)
{
    AqrGpuSelector *selector = data;

    g_free(selector->gfx);
    g_free(selector);
}

static gboolean
read_word(const char *word, AqrGpuSelector *selector)
{
    if (g_str_equal(word, "any"))
        selector->wish = AQR_GPU_ANY;
    else if (g_str_equal(word, "all"))
        selector->wish = AQR_GPU_ALL;
    else if (aqr_gfx_is(word))
        selector->wish = AQR_GPU_GFX;
    else if (aqr_pci_address_parse(word, &selector->address, NULL))
        selector->wish = AQR_GPU_ADDRESS;
    else
        return FALSE;
    if (selector->wish == AQR_GPU_GFX)
        selector->gfx = g_strdup(word);
    return TRUE;
}

static gboolean
is_new(const GPtrArray *selectors, const AqrGpuSelector *selector)
{
    for (guint i = 0; i < selectors->len && selector->wish == AQR_GPU_ADDRESS; i++) {
        const AqrGpuSelector *other = selectors->pdata[i];

        if (other->wish == AQR_GPU_ADDRESS &&
            aqr_pci_address_equal(&other->address, &selector->address))
            return FALSE;
    }
    return TRUE;
}

static gboolean
add_word(GPtrArray *selectors, const char *word, gboolean is_alone, GError **error)
{
    AqrGpuSelector *selector = g_new0(AqrGpuSelector, 1);
    const char *wrong = NULL;

    if (!read_word(word, selector))
        wrong = "is not the address of a GPU, such as 0000:03:00.0, nor a gfx target, such as "
                "gfx1030, nor any, all or none";
    else if (selector->wish == AQR_GPU_ALL && !is_alone)
        wrong = "leaves nothing for another --gpu";
    else if (!is_new(selectors, selector))
        wrong = "is given twice";
    g_ptr_array_add(selectors, selector);
    if (wrong != NULL)
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "--gpu: \"%s\" %s", word, wrong);
    return wrong == NULL;
}

GPtrArray *
aqr_gpu_selectors_parse(const char *const *words, GError **error)
{
    static const char *const any[] = { "any", NULL };
    g_autoptr(GPtrArray) selectors = g_ptr_array_new_with_free_func(free_selector);
    gboolean is_alone;

    if (words == NULL || words[0] == NULL)
        words = any;
    is_alone = words[1] == NULL;
    if (is_alone && g_str_equal(words[0], "none"))
        return g_steal_pointer(&selectors);
    for (; *words != NULL; words++) {
        if (g_str_equal(*words, "none")) {
            g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE,
                                "--gpu: \"none\" contradicts another --gpu");
            return NULL;
        }
        if (!add_word(selectors, *words, is_alone, error))
            return NULL;
    }
    return g_steal_pointer(&selectors);
}

/* --- what is there instead ------------------------------------------------- */

/* The GPU that @device is beside, as a function of its card, or NULL. */
static const AqrGpu *
find_card(const GPtrArray *gpus, const AqrPciDevice *device)
{
    for (guint i = 0; i < gpus->len; i++) {
        const AqrGpu *gpu = gpus->pdata[i];

        if (aqr_pci_address_same_slot(&gpu->device->address, &device->address) &&
            g_ptr_array_find(gpu->together, device, NULL) &&
            !g_ptr_array_find(gpu->foreign, device, NULL))
            return gpu;
    }
    return NULL;
}

/* Of a function that is no GPU, behind its address. */
static char *
describe(const AqrPciDevice *device, const GPtrArray *gpus)
{
    const AqrGpu *gpu = find_card(gpus, device);
    g_autofree char *card = gpu == NULL ? NULL : aqr_gpu_address(gpu);
    g_autofree char *names = aqr_gpu_names(gpus);

    if (card != NULL)
        return g_strdup_printf("is %s of GPU %s, with which it goes along; use --gpu=%s",
                               aqr_pci_class_name(device->class), card, card);
    if (device->n_vfs > 0)
        return g_strdup_printf("has lent itself to its virtual functions (%u); use one of those, "
                               "or switch them off. The GPUs of this host: %s",
                               device->n_vfs, names);
    return g_strdup_printf("is no AMD GPU but %s (vendor %04x, device %04x); the GPUs of this "
                           "host: %s",
                           aqr_pci_class_name(device->class), device->vendor, device->device,
                           names);
}

static char *
describe_absent(const GPtrArray *gpus)
{
    g_autofree char *names = aqr_gpu_names(gpus);

    return g_strdup_printf("is not there; the GPUs of this host: %s", names);
}

gboolean
aqr_gpu_selectors_check(const GPtrArray *selectors, const GPtrArray *devices, const GPtrArray *gpus,
                        GError **error)
{
    for (guint i = 0; i < selectors->len; i++) {
        const AqrGpuSelector *selector = selectors->pdata[i];
        const AqrPciDevice *device = aqr_pci_device_find(devices, &selector->address);
        g_autofree char *address = aqr_pci_address_to_string(&selector->address);
        g_autofree char *what = NULL;

        if (selector->wish != AQR_GPU_ADDRESS || aqr_gpu_find(gpus, &selector->address) != NULL)
            continue;
        if (device == NULL)
            what = describe_absent(gpus);
        else
            what = describe(device, gpus);
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU, "%s %s", address, what);
        return FALSE;
    }
    return TRUE;
}
