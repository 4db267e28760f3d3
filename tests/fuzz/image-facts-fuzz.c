/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-checks.h"
#include "core/image-manifest.h"
#include "fuzz.h"

static void
read_aloud(gpointer finding, G_GNUC_UNUSED gpointer data)
{
    g_assert(g_utf8_validate(((const AqrFinding *)finding)->title, -1, NULL));
}

static void
write_down(const AqrImageFacts *facts, const GPtrArray *findings)
{
    const AqrImageManifest manifest = { .version = "1", .facts = facts, .findings = findings };
    g_autofree char *text = aqr_image_manifest_text(&manifest);
    g_autoptr(AqrImageOrigin) origin = aqr_image_manifest_parse(text, NULL);

    g_assert(origin != NULL);
}

/* An image that lies about itself. */
int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    AqrImageGpu gpu = { .gfx = (char *)"gfx1103" };
    g_autofree char *text = fuzz_text(bytes, length);
    g_autoptr(AqrImageFacts) facts = aqr_image_facts_parse(text);
    g_autoptr(AqrGpuFirmware) firmware = aqr_gpu_firmware_parse("gfx1103 gc_11_0_1 x", NULL);
    g_autoptr(GPtrArray) gpus = g_ptr_array_new();
    const AqrImageDemand demand = { .gpus = gpus, .firmware = firmware };
    g_autoptr(GPtrArray) findings = NULL;

    g_ptr_array_add(gpus, &gpu);
    findings = aqr_image_checks_judge(facts, &demand);
    g_ptr_array_foreach(findings, read_aloud, NULL);
    write_down(facts, findings);
    return 0;
}
