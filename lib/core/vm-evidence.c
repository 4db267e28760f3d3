/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vm-evidence.h"

#include "core/json-member.h"

char *
aqr_vm_evidence(const AqrVmSpec *spec, AqrStart how, const char *qemu)
{
    static const char *const starts[] = { "cold", "restored", "to be saved" };
    g_autoptr(JsonBuilder) json = json_builder_begin_object(json_builder_new());
    g_autoptr(JsonNode) root = NULL;

    aqr_json_add_string(json, "start", starts[how]);
    aqr_json_add_string(json, "domain", spec->name);
    aqr_json_add_string(json, "accelerator", spec->accel == AQR_ACCEL_KVM ? "kvm" : "tcg");
    aqr_json_add_string(json, "qemu", qemu);
    aqr_json_add_number(json, "cpus", spec->cpus);
    aqr_json_add_number(json, "ram_mib", (gint64)spec->ram_mib);
    json_builder_end_object(json);
    root = json_builder_get_root(json);
    return json_to_string(root, FALSE);
}
