/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What tests of GPUs need of an image. */
#include <string.h>

#include "core/image-checks.h"

static const char *const gpu_groups[] = { "render", "video" };

/* --- the GPU's ---------------------------------------------------------- */

static AqrSeverity
lack(const AqrImageDemand *demand)
{
    return demand->no_gpu ? AQR_WARN : AQR_FAIL;
}

static gboolean
is_ubuntu(const AqrImageFacts *facts)
{
    return g_strcmp0(facts->os_id, "ubuntu") == 0;
}

static char *
kernel_hint(const AqrImageFacts *facts)
{
    const char *flavour = facts->arch == NULL ? "amd64" : facts->arch;

    return g_strdup_printf("install linux-image-%s, and remove other kernels",
                           is_ubuntu(facts) ? "generic" : flavour);
}

static void
judge_kernel(const AqrImageFacts *facts, const AqrImageDemand *demand, AqrFinding *finding)
{
    g_autofree char *hint = kernel_hint(facts);

    if (facts->kernel == NULL)
        aqr_finding_unknown(finding, NULL, "which kernel it runs");
    else if (strstr(facts->kernel, "-cloud-") != NULL)
        aqr_finding_set(finding, lack(demand), hint,
                        "Linux %s, a cloud kernel, which has no amdgpu", facts->kernel);
    else
        aqr_finding_pass(finding, "Linux %s", facts->kernel);
}

static void
judge_amdgpu(const AqrImageFacts *facts, const AqrImageDemand *demand, AqrFinding *finding)
{
    g_autofree char *hint = kernel_hint(facts);

    if (facts->amdgpu_loads == AQR_IMAGE_YES)
        aqr_finding_pass(finding, "the module amdgpu loads");
    else if (facts->amdgpu_there == AQR_IMAGE_YES)
        aqr_finding_set(finding, lack(demand), "reinstall the package of the kernel",
                        "the module amdgpu does not load: %s",
                        facts->amdgpu_trouble == NULL ? "" : facts->amdgpu_trouble);
    else if (facts->amdgpu_there == AQR_IMAGE_NO)
        aqr_finding_set(finding, lack(demand), hint, "the kernel has no module amdgpu");
    else
        aqr_finding_unknown(finding, NULL, "whether the kernel has the module amdgpu");
}

static void
judge_firmware(const AqrImageFacts *facts, const AqrImageDemand *demand, AqrFinding *finding)
{
    const AqrImagePackage *package = aqr_image_facts_firmware_package(facts);

    if (facts->firmware->len == 0)
        aqr_finding_set(finding, lack(demand),
                        is_ubuntu(facts) ? "install linux-firmware"
                                         : "install firmware-amd-graphics, of the component "
                                           "non-free-firmware",
                        "no firmware of AMD's GPUs");
    else if (package != NULL)
        aqr_finding_pass(finding, "firmware of AMD's GPUs: %s %s", package->name, package->version);
    else
        aqr_finding_pass(finding, "firmware of AMD's GPUs, of no package");
}

static void
judge_groups(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
             AqrFinding *finding)
{
    g_autoptr(GString) missing = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(gpu_groups); i++) {
        if (!aqr_image_facts_has(facts->groups, gpu_groups[i]))
            aqr_image_checks_list(missing, gpu_groups[i]);
    }
    if (missing->len > 0)
        aqr_finding_set(finding, AQR_FAIL, "addgroup --system, for each", "there is no group %s",
                        missing->str);
    else
        aqr_finding_pass(finding, "the groups render and video");
}

/* What is wrong with @user; NULL: nothing. */
static char *
find_trouble(const AqrImageUser *user)
{
    g_autoptr(GString) missing = g_string_new(NULL);

    if (!user->exists)
        return g_strdup_printf("there is no user %s", user->name);
    for (gsize i = 0; i < G_N_ELEMENTS(gpu_groups); i++) {
        if (!g_strv_contains((const char *const *)user->groups, gpu_groups[i]))
            aqr_image_checks_list(missing, gpu_groups[i]);
    }
    return missing->len == 0 ? NULL : g_strdup_printf("%s is not in %s", user->name, missing->str);
}

static void
judge_users(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
            AqrFinding *finding)
{
    g_autoptr(GString) good = g_string_new(NULL);
    g_autoptr(GString) bad = g_string_new(NULL);

    for (guint i = 0; i < facts->users->len; i++) {
        const AqrImageUser *user = g_ptr_array_index(facts->users, i);
        g_autofree char *trouble = find_trouble(user);

        aqr_image_checks_list(trouble == NULL ? good : bad, trouble == NULL ? user->name : trouble);
    }
    if (bad->len > 0)
        aqr_finding_set(finding, AQR_FAIL, "adduser USER, adduser USER render, adduser USER video",
                        "users who may not use GPUs: %s", bad->str);
    else if (good->len > 0)
        aqr_finding_pass(finding, "in the groups render and video: %s", good->str);
}

const AqrImageCheck aqr_image_gpu_checks[] = {
    { "image.kernel", judge_kernel },     { "image.amdgpu", judge_amdgpu },
    { "image.firmware", judge_firmware }, { "image.groups", judge_groups },
    { "image.users", judge_users },       { NULL, NULL },
};

/* --- one of the GPUs ---------------------------------------------------- */

/* "gfx1030 (GPU 0000:03:00.0 of this host)" */
static char *
name_gpu(const AqrImageGpu *gpu)
{
    const char *gfx = gpu->gfx == NULL ? "an unknown gfx target" : gpu->gfx;

    return gpu->address == NULL ? g_strdup(gfx)
                                : g_strdup_printf("%s (GPU %s of this host)", gfx, gpu->address);
}

static char *
list_missing(const AqrImageFacts *facts, const char *const *prefixes, gboolean *all)
{
    g_autoptr(GString) missing = g_string_new(NULL);

    *all = TRUE;
    for (; *prefixes != NULL; prefixes++) {
        if (aqr_image_facts_has(facts->firmware, *prefixes))
            *all = FALSE;
        else
            aqr_image_checks_list(missing, *prefixes);
    }
    return g_string_free(g_steal_pointer(&missing), FALSE);
}

/* Of some targets there are several chips, and a table of ids does not tell them apart. */
AqrFinding *
aqr_image_checks_judge_gpu(const AqrImageFacts *facts, const AqrImageDemand *demand,
                           const AqrImageGpu *gpu)
{
    static const char hint[] = "take a later release, or firmware-amd-graphics from its backports";
    const char *const *prefixes = gpu->gfx == NULL || demand->firmware == NULL
                                      ? NULL
                                      : aqr_gpu_firmware_find(demand->firmware, gpu->gfx);
    AqrFinding *finding = aqr_finding_new("image.gpu-firmware", gpu->address);
    g_autofree char *name = name_gpu(gpu);
    g_autofree char *missing = NULL;
    gboolean all;

    if (prefixes == NULL) {
        aqr_finding_unknown(finding, NULL, "whether there is firmware of %s", name);
        return finding;
    }
    missing = list_missing(facts, prefixes, &all);
    if (*missing == '\0')
        aqr_finding_pass(finding, "firmware of %s", name);
    else if (all)
        aqr_finding_set(finding, AQR_FAIL, hint, "firmware of %s: missing (%s)", name, missing);
    else
        aqr_finding_set(finding, AQR_WARN, hint, "firmware of some of %s: missing (%s)", name,
                        missing);
    return finding;
}
