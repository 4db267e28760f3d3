/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/host-checks.h"

static const AqrHostCheck *const tables[] = {
    aqr_machine_checks,
    aqr_vfio_checks,
    aqr_software_checks,
    aqr_user_checks,
};

static void
keep(GPtrArray *findings, AqrFinding *finding)
{
    if (finding->title != NULL)
        g_ptr_array_add(findings, finding);
    else
        aqr_finding_free(finding);
}

static void
judge_host(const AqrHostFacts *facts, const AqrHostCheck *checks, GPtrArray *findings)
{
    for (const AqrHostCheck *check = checks; check->id != NULL; check++) {
        AqrFinding *finding = aqr_finding_new(check->id, NULL);

        check->judge(facts, finding);
        keep(findings, finding);
    }
}

static void
judge_gpu(const AqrHostFacts *facts, const AqrHostGpu *gpu, GPtrArray *findings)
{
    g_autofree char *address = aqr_pci_address_to_string(&gpu->gpu->device->address);

    for (const AqrGpuCheck *check = aqr_gpu_checks; check->id != NULL; check++) {
        AqrFinding *finding = aqr_finding_new(check->id, address);

        check->judge(facts, gpu, finding);
        keep(findings, finding);
    }
}

GPtrArray *
aqr_host_checks_judge(const AqrHostFacts *facts)
{
    GPtrArray *findings = aqr_findings_new();

    for (gsize i = 0; i < G_N_ELEMENTS(tables); i++)
        judge_host(facts, tables[i], findings);
    for (guint i = 0; i < facts->gpus->len; i++)
        judge_gpu(facts, g_ptr_array_index(facts->gpus, i), findings);
    return findings;
}
