/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-evidence.h"

#include "core/gpu-facts.h"
#include "core/gpu-json.h"
#include "core/gpu-table.h"
#include "core/json-member.h"

static JsonBuilder *
begin(void)
{
    return json_builder_begin_object(json_builder_new());
}

static char *
end(JsonBuilder *json, gboolean pretty)
{
    g_autoptr(JsonNode) root = NULL;

    json_builder_end_object(json);
    root = json_builder_get_root(json);
    return json_to_string(root, pretty);
}

static void
begin_array(JsonBuilder *json, const char *name)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_array(json);
}

char *
aqr_gpu_evidence_name(const GPtrArray *gpus)
{
    g_autoptr(JsonBuilder) json = begin();

    begin_array(json, "gpus");
    for (guint i = 0; i < gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(gpus, i);
        g_autofree char *address = aqr_gpu_address(gpu);

        json_builder_begin_object(json);
        aqr_json_add_string(json, "address", address);
        aqr_json_add_string(json, "gfx", gpu->gfx);
        aqr_json_add_string(json, "name", gpu->name);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    return end(json, FALSE);
}

/* --- in the guest ------------------------------------------------------ */

static void
add_guest_gpu(JsonBuilder *json, const AqrGuestGpu *gpu)
{
    g_autofree char *address = aqr_pci_address_to_string(&gpu->address);

    json_builder_begin_object(json);
    aqr_json_add_string(json, "address", address);
    aqr_json_add_string(json, "driver", gpu->driver);
    begin_array(json, "render_nodes");
    for (guint i = 0; i < gpu->minors->len; i++) {
        g_autofree char *node =
            g_strdup_printf("/dev/dri/renderD%u", g_array_index(gpu->minors, unsigned, i));

        json_builder_add_string_value(json, node);
    }
    json_builder_end_array(json);
    json_builder_end_object(json);
}

static void
add_kfd(JsonBuilder *json, const GArray *nodes)
{
    begin_array(json, "kfd");
    for (guint i = 0; i < nodes->len; i++) {
        const AqrKfdNode *node = &g_array_index(nodes, AqrKfdNode, i);
        g_autofree char *gfx = aqr_gfx_from_target_version((guint32)node->gfx_version);

        if (node->simd_count > 0)
            json_builder_add_string_value(json, gfx == NULL ? "unknown" : gfx);
    }
    json_builder_end_array(json);
}

char *
aqr_gpu_evidence_guest(const char *facts)
{
    g_autoptr(AqrGpuFacts) parsed = facts == NULL ? NULL : aqr_gpu_facts_parse(facts);
    g_autoptr(JsonBuilder) json = NULL;

    if (parsed == NULL)
        return NULL;
    json = begin();
    aqr_json_add_string(json, "kernel", parsed->kernel);
    begin_array(json, "gpus");
    for (guint i = 0; i < parsed->gpus->len; i++)
        add_guest_gpu(json, g_ptr_array_index(parsed->gpus, i));
    json_builder_end_array(json);
    add_kfd(json, parsed->kfd);
    return end(json, FALSE);
}

/* --- on the host ------------------------------------------------------- */

void
aqr_gpu_evidence_free(AqrGpuEvidence *health)
{
    if (health == NULL)
        return;
    g_free(health->vbios);
    g_free(health->quarantine);
    g_free(health->trouble);
    g_free(health);
}

char *
aqr_gpu_evidence_json(const char *when, const GPtrArray *gpus, const GPtrArray *healths)
{
    g_autoptr(JsonBuilder) json = begin();
    g_autofree char *text = NULL;

    aqr_json_add_string(json, "when", when);
    begin_array(json, "gpus");
    for (guint i = 0; i < gpus->len; i++) {
        const AqrGpuEvidence *health = g_ptr_array_index(healths, i);

        json_builder_begin_object(json);
        aqr_gpu_json_add(json, g_ptr_array_index(gpus, i));
        aqr_json_add_string(json, "vbios_version", health->vbios);
        aqr_json_add_string(json, "quarantine", health->quarantine);
        aqr_json_add_string(json, "trouble", health->trouble);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
    text = end(json, TRUE);
    return g_strconcat(text, "\n", NULL);
}
