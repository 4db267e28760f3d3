/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-checks.h"

void
aqr_image_gpu_free(AqrImageGpu *gpu)
{
    if (gpu == NULL)
        return;
    g_free(gpu->gfx);
    g_free(gpu->address);
    g_free(gpu);
}

void
aqr_image_checks_list(GString *list, const char *word)
{
    g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", word);
}

static void
judge(const AqrImageFacts *facts, const AqrImageDemand *demand, const AqrImageCheck *checks,
      GPtrArray *findings)
{
    for (const AqrImageCheck *check = checks; check->id != NULL; check++) {
        AqrFinding *finding = aqr_finding_new(check->id, NULL);

        check->judge(facts, demand, finding);
        if (finding->title != NULL)
            g_ptr_array_add(findings, finding);
        else
            aqr_finding_free(finding);
    }
}

GPtrArray *
aqr_image_checks_judge(const AqrImageFacts *facts, const AqrImageDemand *demand)
{
    GPtrArray *findings = aqr_findings_new();

    judge(facts, demand, aqr_image_system_checks, findings);
    judge(facts, demand, aqr_image_gpu_checks, findings);
    for (guint i = 0; demand->gpus != NULL && i < demand->gpus->len; i++) {
        const AqrImageGpu *gpu = g_ptr_array_index(demand->gpus, i);

        g_ptr_array_add(findings, aqr_image_checks_judge_gpu(facts, demand, gpu));
    }
    return findings;
}
