/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-json.h"

#include "core/json-member.h"

static void
add_number(JsonBuilder *json, const char *name, gint64 value)
{
    if (value < 0)
        aqr_json_add_string(json, name, NULL);
    else
        aqr_json_add_number(json, name, value);
}

static void
add_boolean(JsonBuilder *json, const char *name, gboolean value)
{
    json_builder_set_member_name(json, name);
    json_builder_add_boolean_value(json, value);
}

static void
add_hex(JsonBuilder *json, const char *name, guint value, int digits)
{
    g_autofree char *text = g_strdup_printf("%0*x", digits, value);

    aqr_json_add_string(json, name, text);
}

static void
add_functions(JsonBuilder *json, const char *name, const GPtrArray *devices)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_array(json);
    for (guint i = 0; i < devices->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(devices, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        json_builder_begin_object(json);
        aqr_json_add_string(json, "address", address);
        add_hex(json, "vendor", device->vendor, 4);
        add_hex(json, "device", device->device, 4);
        add_hex(json, "class", device->class, 6);
        aqr_json_add_string(json, "driver", device->driver);
        add_number(json, "iommu_group", device->iommu_group);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void
add_words(JsonBuilder *json, const char *name, const char *const *words)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_array(json);
    for (; words != NULL && *words != NULL; words++)
        json_builder_add_string_value(json, *words);
    json_builder_end_array(json);
}

void
aqr_gpu_json_add(JsonBuilder *json, const AqrGpu *gpu)
{
    static const char *const atomics[] = { NULL, "no", "yes" }; /* AqrAtomics */
    static const char *const sources[] = { NULL, "table", "ip_discovery",
                                           "kfd" }; /* AqrGfxSource */
    const AqrPciDevice *device = gpu->device;
    g_autofree char *address = aqr_gpu_address(gpu);

    aqr_json_add_string(json, "address", address);
    aqr_json_add_string(json, "gfx", gpu->gfx);
    aqr_json_add_string(json, "gfx_source", sources[gpu->gfx_source]);
    aqr_json_add_string(json, "name", gpu->name);
    add_functions(json, "functions", gpu->together);
    add_functions(json, "foreign", gpu->foreign);
    add_number(json, "numa_node", device->numa_node);
    add_words(json, "reset_methods", (const char *const *)device->reset_methods);
    aqr_json_add_string(json, "power_state", device->power_state);
    add_boolean(json, "boot_display", device->boot_vga);
    add_boolean(json, "virtual_function", device->is_vf);
    aqr_json_add_string(json, "atomics", atomics[gpu->atomics]);
    aqr_json_add_string(json, "atomics_reason", gpu->atomics_reason);
}
