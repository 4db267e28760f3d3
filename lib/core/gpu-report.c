/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-report.h"

#include "core/gpu-json.h"
#include "core/json-member.h"

void
aqr_gpu_status_free(AqrGpuStatus *status)
{
    if (status == NULL)
        return;
    g_free(status->reason);
    aqr_strike_note_clear(&status->strikes);
    g_free(status);
}

const char *
aqr_gpu_state_name(AqrGpuState state)
{
    static const char *const names[] = {
        [AQR_GPU_FREE] = "free",
        [AQR_GPU_BUSY] = "busy",
        [AQR_GPU_SICK] = "quarantine",
        [AQR_GPU_UNPASSABLE] = "unpassable",
    };

    return names[state];
}

/* --- for people -------------------------------------------------------- */

#define LINE "%-13s %-8s %-10s %-11s %s\n"

static const char *
or_none(const char *text, const char *none)
{
    return text == NULL ? none : text;
}

static void
write_line(GString *table, const AqrGpuStatus *status)
{
    const AqrGpu *gpu = status->gpu;
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autofree char *failures = aqr_strike_note_describe(&status->strikes);

    g_string_append_printf(table, LINE, address, or_none(gpu->gfx, "?"),
                           aqr_gpu_state_name(status->state), or_none(gpu->device->driver, "-"),
                           gpu->name);
    if (status->reason != NULL)
        g_string_append_printf(table, "  %s\n", status->reason);
    if (failures != NULL)
        g_string_append_printf(table, "  %s\n", failures);
}

char *
aqr_gpu_report_table(const GPtrArray *statuses)
{
    GString *table = g_string_new(NULL);

    if (statuses->len == 0)
        return g_string_free(g_string_append(table, "no AMD GPU in this host\n"), FALSE);
    g_string_append_printf(table, LINE, "GPU", "TARGET", "STATE", "DRIVER", "NAME");
    for (guint i = 0; i < statuses->len; i++)
        write_line(table, g_ptr_array_index(statuses, i));
    return g_string_free(table, FALSE);
}

/* --- as JSON ----------------------------------------------------------- */

char *
aqr_gpu_report_json(const GPtrArray *statuses)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(json);
    json_builder_set_member_name(json, "gpus");
    json_builder_begin_array(json);
    for (guint i = 0; i < statuses->len; i++) {
        const AqrGpuStatus *status = g_ptr_array_index(statuses, i);

        json_builder_begin_object(json);
        aqr_gpu_json_add(json, status->gpu);
        aqr_json_add_string(json, "state", aqr_gpu_state_name(status->state));
        aqr_json_add_string(json, "reason", status->reason);
        aqr_json_add_number(json, "failures", status->strikes.count);
        aqr_json_add_string(json, "last_failure", status->strikes.reason);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    json_builder_end_object(json);
    root = json_builder_get_root(json);
    text = json_to_string(root, TRUE);
    return g_strconcat(text, "\n", NULL);
}
