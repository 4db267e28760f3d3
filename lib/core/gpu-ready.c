/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-ready.h"

#include <string.h>

#include "base/error.h"
#include "core/gpu-facts.h"
#include "core/gpu-table.h"

#define AMD 0x1002
#define NO_ATOMICS_32 0x4u /* Linux, amdkfd/kfd_crat.h: CRAT_IOLINK_FLAGS_NO_ATOMICS_32_BIT */
#define NO_ATOMICS_64 0x8u

gboolean
aqr_gpu_ready_parse(const char *word, AqrGpuReady *ready, GError **error)
{
    static const char *const words[] = { "none", "pci", "drm", "kfd" };

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_equal(word, words[i])) {
            *ready = (AqrGpuReady)i;
            return TRUE;
        }
    }
    g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                "\"%s\" is not how ready a GPU can be; use kfd, drm, pci or none", word);
    return FALSE;
}

void
aqr_gpu_expected_free(AqrGpuExpected *expected)
{
    if (expected == NULL)
        return;
    g_free(expected->gfx);
    g_free(expected->address);
    g_free(expected);
}

void
aqr_gpu_failure_free(AqrGpuFailure *failure)
{
    if (failure == NULL)
        return;
    g_free(failure->address);
    g_free(failure->why);
    g_free(failure);
}

typedef enum {
    BLAME_OTHERS, /* the image, or what the user wants */
    BLAME_IF_TRIED,
    BLAME_GPU,
} Blame;

/* One GPU of the host, the function in the guest that it is, and what is said of it. */
typedef struct {
    const AqrGpuFacts *facts;
    const AqrGpuExpected *expected;
    const AqrGuestGpu *gpu;     /* NULL: it is not there */
    AqrGpuVerdict if_not_found; /* what is not there may yet come, or not */
    gboolean alone;             /* no other one of its device id is expected */
    Blame *blame;               /* for what is said */
    GString *why;
    GString *remark;
} Case;

/* --- what is said -------------------------------------------------------- */

static void
begin(GString *text, const Case *judged)
{
    if (text->len > 0)
        g_string_append(text, "; ");
    g_string_append_printf(text, "GPU %s", judged->expected->address);
    if (judged->gpu != NULL) {
        g_autofree char *address = aqr_pci_address_to_string(&judged->gpu->address);

        g_string_append_printf(text, " (in the guest %s)", address);
    }
    g_string_append(text, ": ");
}

static AqrGpuVerdict say(const Case *judged, AqrGpuVerdict verdict, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static AqrGpuVerdict
say(const Case *judged, AqrGpuVerdict verdict, const char *format, ...)
{
    va_list arguments;

    begin(judged->why, judged);
    va_start(arguments, format);
    g_string_append_vprintf(judged->why, format, arguments);
    va_end(arguments);
    return verdict;
}

/* Whose fault it is what say() has said. */
static AqrGpuVerdict
blame(const Case *judged, Blame whose, AqrGpuVerdict verdict)
{
    *judged->blame = whose;
    return verdict;
}

/* --- its nodes in /dev ---------------------------------------------------- */

static gboolean
is_for_everybody(const AqrGuestNode *node)
{
    gboolean shared = g_str_equal(node->group, "render") || g_str_equal(node->group, "video");

    if (strlen(node->mode) < 10)
        return FALSE;
    return (shared && strncmp(node->mode + 4, "rw", 2) == 0) ||
           strncmp(node->mode + 7, "rw", 2) == 0;
}

/* Whether the node is there. A user in render and video may open it, or it is remarked. */
static gboolean
check_node(const Case *judged, const char *path)
{
    const AqrGuestNode *node = aqr_gpu_facts_node(judged->facts, path);
    g_autofree char *remark = NULL;

    if (node == NULL)
        return FALSE;
    remark = g_strdup_printf("%s is not for the groups render and video: it is %s, %s:%s", path,
                             node->mode, node->owner, node->group);
    if (!is_for_everybody(node) && strstr(judged->remark->str, remark) == NULL) {
        begin(judged->remark, judged);
        g_string_append(judged->remark, remark);
    }
    return TRUE;
}

static AqrGpuVerdict
judge_render_node(const Case *judged, guint64 minor)
{
    g_autofree char *path = g_strdup_printf("/dev/dri/renderD%" G_GUINT64_FORMAT, minor);

    if (check_node(judged, path))
        return AQR_GPU_VERDICT_YES;
    return say(judged, AQR_GPU_VERDICT_WAIT, "%s is not there", path);
}

/* --- PCI ------------------------------------------------------------------ */

/* Of several of one kind nobody can tell which is missing. */
static AqrGpuVerdict
judge_presence(const Case *judged)
{
    GString *others;

    if (judged->gpu != NULL)
        return AQR_GPU_VERDICT_YES;
    others = g_string_new(NULL);
    for (guint i = 0; i < judged->facts->gpus->len; i++) {
        const AqrGuestGpu *gpu = judged->facts->gpus->pdata[i];
        g_autofree char *address = aqr_pci_address_to_string(&gpu->address);

        g_string_append_printf(others, "%s%s (1002:%04x)", others->len == 0 ? "" : ", ", address,
                               gpu->device);
    }
    say(judged, judged->if_not_found,
        "its PCI function, 1002:%04x, is not in the guest, which has %s of AMD's",
        judged->expected->device, others->len == 0 ? "none" : others->str);
    g_string_free(others, TRUE);
    return blame(judged, judged->alone ? BLAME_GPU : BLAME_OTHERS, judged->if_not_found);
}

/* A function that has just been plugged in gets its BARs a moment later. */
static AqrGpuVerdict
judge_bars(const Case *judged)
{
    if (judged->gpu->has_memory && !judged->gpu->unassigned)
        return AQR_GPU_VERDICT_YES;
    return say(judged, judged->if_not_found,
               "its BARs are unassigned: the guest's firmware or its port has no room for them; "
               "use --boot=efi");
}

/* --- the driver ------------------------------------------------------------ */

static AqrGpuVerdict
judge_no_driver(const Case *judged)
{
    const AqrGpuFacts *facts = judged->facts;
    const char *kernel = facts->kernel == NULL ? "guest's" : facts->kernel;

    switch (facts->amdgpu) {
    case AQR_AMDGPU_NONE:
        return say(judged, AQR_GPU_VERDICT_NEVER,
                   "no driver took it: the kernel %s has no amdgpu module%s; put "
                   "linux-image-amd64 into the image",
                   kernel, strstr(kernel, "cloud") != NULL ? ", as cloud kernels have not" : "");
    case AQR_AMDGPU_THERE:
        return say(judged, facts->settled ? judged->if_not_found : AQR_GPU_VERDICT_WAIT,
                   "no driver took it: amdgpu is not loaded, though the kernel %s has it; see "
                   "whether the image blacklists it",
                   kernel);
    case AQR_AMDGPU_LOADED:
        say(judged, judged->if_not_found, "no driver took it, though amdgpu is loaded%s",
            facts->firmware ? ""
                            : ": there is no firmware; put firmware-amd-graphics into the image");
        return blame(judged, facts->firmware ? BLAME_IF_TRIED : BLAME_OTHERS, judged->if_not_found);
    case AQR_AMDGPU_COMING:
        return blame(judged, BLAME_GPU, say(judged, AQR_GPU_VERDICT_WAIT, "amdgpu is starting"));
    case AQR_AMDGPU_UNKNOWN:
    default:
        return say(judged, AQR_GPU_VERDICT_WAIT, "no driver took it: amdgpu is not loaded");
    }
}

static AqrGpuVerdict
judge_driver(const Case *judged)
{
    const AqrGuestGpu *gpu = judged->gpu;
    AqrGpuVerdict verdict;

    if (gpu->driver == NULL)
        return judge_no_driver(judged);
    if (gpu->minors->len == 0)
        return blame(judged, BLAME_GPU,
                     say(judged, AQR_GPU_VERDICT_WAIT, "it has a driver, %s, but no render node",
                         gpu->driver));
    for (guint i = 0; i < gpu->minors->len; i++) {
        verdict = judge_render_node(judged, g_array_index(gpu->minors, unsigned, i));
        if (verdict != AQR_GPU_VERDICT_YES)
            return verdict;
    }
    return AQR_GPU_VERDICT_YES;
}

/* --- KFD -------------------------------------------------------------------- */

static AqrGpuVerdict
judge_kfd_node(const Case *judged, const AqrKfdNode *node)
{
    g_autofree char *gfx = aqr_gfx_from_target_version((guint32)node->gfx_version);
    const char *wanted = judged->expected->gfx;

    if (gfx == NULL)
        return say(judged, AQR_GPU_VERDICT_WAIT, "its KFD node does not tell its gfx target");
    if (wanted != NULL && !g_str_equal(gfx, wanted))
        return say(judged, AQR_GPU_VERDICT_NEVER, "it is %s, not %s", gfx, wanted);
    if (node->minor == 0)
        return blame(judged, BLAME_GPU,
                     say(judged, AQR_GPU_VERDICT_WAIT, "its KFD node has no render node"));
    return judge_render_node(judged, node->minor);
}

static AqrGpuVerdict
judge_no_kfd_node(const Case *judged)
{
    if (judged->facts->kfd->len == 0 && judged->facts->amdgpu == AQR_AMDGPU_LOADED)
        return say(judged, AQR_GPU_VERDICT_NEVER,
                   "the guest's kernel has no KFD (CONFIG_HSA_AMD); put linux-image-amd64 into "
                   "the image");
    return blame(judged, BLAME_GPU, say(judged, AQR_GPU_VERDICT_WAIT, "KFD has no node for it"));
}

static void
remark_atomics(const Case *judged, guint64 links)
{
    const char *widths = (links & NO_ATOMICS_32) == 0   ? "64 bit"
                         : (links & NO_ATOMICS_64) == 0 ? "32 bit"
                                                        : "32 and 64 bit";

    if ((links & (NO_ATOMICS_32 | NO_ATOMICS_64)) == 0)
        return;
    begin(judged->remark, judged);
    g_string_append_printf(judged->remark,
                           "it has no PCIe atomics of %s there: HIP refuses kernels that call the "
                           "host, as printf and assert do",
                           widths);
}

static AqrGpuVerdict
judge_kfd(const Case *judged)
{
    AqrGpuVerdict verdict = AQR_GPU_VERDICT_YES;
    guint64 links = 0;
    guint n = 0;

    for (guint i = 0; i < judged->facts->kfd->len && verdict == AQR_GPU_VERDICT_YES; i++) {
        const AqrKfdNode *node = &g_array_index(judged->facts->kfd, AqrKfdNode, i);

        if (node->vendor != AMD || node->simd_count == 0 || !aqr_gpu_facts_is_of(node, judged->gpu))
            continue;
        n++;
        links |= node->links;
        verdict = judge_kfd_node(judged, node);
    }
    if (n == 0)
        return judge_no_kfd_node(judged);
    if (verdict != AQR_GPU_VERDICT_YES)
        return verdict;
    if (!check_node(judged, "/dev/kfd"))
        return say(judged, AQR_GPU_VERDICT_WAIT, "/dev/kfd is not there");
    remark_atomics(judged, links);
    return AQR_GPU_VERDICT_YES;
}

/* Nothing takes a GPU away from a driver that has it. */
static AqrGpuVerdict
judge_driver_for_kfd(const Case *judged)
{
    if (judged->gpu->driver == NULL || g_str_equal(judged->gpu->driver, "amdgpu"))
        return judge_driver(judged);
    return say(judged, AQR_GPU_VERDICT_NEVER, "its driver is %s, not amdgpu", judged->gpu->driver);
}

/* --- all of it --------------------------------------------------------------- */

static AqrGpuVerdict
judge_case(const Case *judged, AqrGpuReady ready)
{
    static const struct {
        AqrGpuReady from, to;
        AqrGpuVerdict (*judge)(const Case *judged);
    } steps[] = {
        { AQR_GPU_READY_PCI, AQR_GPU_READY_KFD, judge_presence },
        { AQR_GPU_READY_PCI, AQR_GPU_READY_KFD, judge_bars },
        { AQR_GPU_READY_DRM, AQR_GPU_READY_DRM, judge_driver },
        { AQR_GPU_READY_KFD, AQR_GPU_READY_KFD, judge_driver_for_kfd },
        { AQR_GPU_READY_KFD, AQR_GPU_READY_KFD, judge_kfd },
    };
    AqrGpuVerdict verdict = AQR_GPU_VERDICT_YES;

    for (gsize i = 0; i < G_N_ELEMENTS(steps) && verdict == AQR_GPU_VERDICT_YES; i++) {
        if (steps[i].from <= ready && ready <= steps[i].to)
            verdict = steps[i].judge(judged);
    }
    return verdict;
}

/* Takes it out of @spare. Those of one device id are as good as each other. */
static const AqrGuestGpu *
take_gpu(GPtrArray *spare, guint16 device)
{
    for (guint i = 0; i < spare->len; i++) {
        const AqrGuestGpu *gpu = spare->pdata[i];

        if (gpu->device == device)
            return g_ptr_array_steal_index(spare, i);
    }
    return NULL;
}

static GPtrArray *
list_gpus(const AqrGpuFacts *facts)
{
    GPtrArray *gpus = g_ptr_array_new();

    for (guint i = 0; i < facts->gpus->len; i++)
        g_ptr_array_add(gpus, facts->gpus->pdata[i]);
    return gpus;
}

static gboolean
is_alone(const GPtrArray *expected, guint16 device)
{
    guint n = 0;

    for (guint i = 0; i < expected->len; i++)
        n += ((const AqrGpuExpected *)expected->pdata[i])->device == device;
    return n == 1;
}

/* @why: what was said of it. */
static void
add_failure(GPtrArray *failures, const Case *judged, const char *why)
{
    AqrGpuFailure *failure;

    if (failures == NULL || *judged->blame == BLAME_OTHERS)
        return;
    failure = g_new0(AqrGpuFailure, 1);
    failure->address = g_strdup(judged->expected->address);
    failure->why = g_strdup(why);
    failure->if_tried = *judged->blame == BLAME_IF_TRIED;
    g_ptr_array_add(failures, failure);
}

/* NULL for nothing. */
static char *
end_text(GString *text)
{
    return g_string_free(text, text->len == 0);
}

/* Those of the guest that are left in @spare may be it. */
static AqrGpuVerdict
judge_next(Case *judged, const AqrGpuDemand *demand, GPtrArray *spare, GPtrArray *failures)
{
    gsize before = judged->why->len;
    AqrGpuVerdict verdict;

    *judged->blame = BLAME_OTHERS;
    judged->alone = is_alone(demand->expected, judged->expected->device);
    judged->gpu = take_gpu(spare, judged->expected->device);
    verdict = judge_case(judged, demand->ready);
    add_failure(failures, judged, judged->why->str + before + (before == 0 ? 0 : strlen("; ")));
    return verdict;
}

AqrGpuVerdict
aqr_gpu_ready_judge(const char *facts, const AqrGpuDemand *demand, char **why, char **remark,
                    GPtrArray *failures)
{
    g_autoptr(AqrGpuFacts) parsed = aqr_gpu_facts_parse(facts);
    g_autoptr(GPtrArray) spare = list_gpus(parsed);
    Case judged = { .facts = parsed, .why = g_string_new(NULL), .remark = g_string_new(NULL) };
    AqrGpuVerdict worst = AQR_GPU_VERDICT_YES, verdict;
    Blame whose;

    judged.blame = &whose;
    judged.if_not_found = demand->plugged ? AQR_GPU_VERDICT_WAIT : AQR_GPU_VERDICT_NEVER;
    if (!parsed->complete && demand->ready != AQR_GPU_READY_NONE) {
        g_string_append(judged.why, "the guest does not tell what GPUs it has");
        worst = AQR_GPU_VERDICT_WAIT;
    }
    for (guint i = 0; i < demand->expected->len && parsed->complete; i++) {
        judged.expected = demand->expected->pdata[i];
        verdict = judge_next(&judged, demand, spare, failures);
        worst = MAX(worst, verdict);
    }
    *why = end_text(judged.why);
    *remark = end_text(judged.remark);
    return worst;
}
