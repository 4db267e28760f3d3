/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-message.h"

#include <string.h>

#define IMAGE_FIRMWARE "put firmware-amd-graphics into the image"

typedef struct {
    const char *needle;
    const char *also; /* must follow; NULL: nothing */
    AqrGpuMessage meaning;
    AqrGpuReady from; /* those who want less do not mind */
    const char *why;
} Row;

/* The first that fits counts. The words are those of Linux 6.1 to 7.2;
 * Debian's kernel says "firmware: failed to load" where others say "Direct firmware load
 * for". */
static const Row rows[] = {
    { "skipped device", "PCI rejects atomics", AQR_GPU_MESSAGE_FATAL, AQR_GPU_READY_KFD,
      "KFD refuses it without PCIe atomics; use a host slot whose root port completes them, and "
      "QEMU 8.1 and Linux 6.5 or later on the host" },
    { "GC IP", "not supported in kfd", AQR_GPU_MESSAGE_FATAL, AQR_GPU_READY_KFD,
      "the guest's kernel is too old for it; put a newer one into the image" },
    { "kfd", "NOT added due to errors", AQR_GPU_MESSAGE_FATAL, AQR_GPU_READY_KFD, NULL },
    { "amdgpu", "Fatal error during GPU init", AQR_GPU_MESSAGE_FATAL, AQR_GPU_READY_DRM, NULL },
    { "amdgpu: probe of", "failed with error", AQR_GPU_MESSAGE_FATAL, AQR_GPU_READY_DRM, NULL },
    { "probe with driver amdgpu", "failed with error", AQR_GPU_MESSAGE_FATAL, AQR_GPU_READY_DRM,
      NULL },
    { "PSP firmware loading failed", NULL, AQR_GPU_MESSAGE_HINT, AQR_GPU_READY_DRM,
      "its security processor did not take the firmware; give it back and reset it with "
      "rocm-qemu-gpus reset" },
    { "PSP tmr init failed", NULL, AQR_GPU_MESSAGE_HINT, AQR_GPU_READY_DRM,
      "the host's console may still hold its memory; choose one that the host does not boot on" },
    { "Unable to locate a BIOS ROM", NULL, AQR_GPU_MESSAGE_HINT, AQR_GPU_READY_DRM,
      "its video BIOS cannot be read in the guest; choose one that the host does not boot on" },
    { "atombios stuck in loop", NULL, AQR_GPU_MESSAGE_HINT, AQR_GPU_READY_DRM,
      "it has not come out of its last reset; restart the host, or use vendor-reset there" },
    { "asic reset on init failed", NULL, AQR_GPU_MESSAGE_HINT, AQR_GPU_READY_DRM,
      "the driver could not reset it; reset it with rocm-qemu-gpus reset, or restart the host" },
    { "Pending hive reset", NULL, AQR_GPU_MESSAGE_HINT, AQR_GPU_READY_DRM,
      "it waits for its XGMI hive, which must go into one guest as a whole" },
    { "Direct firmware load for amdgpu/", NULL, AQR_GPU_MESSAGE_HINT, AQR_GPU_READY_DRM, NULL },
    { "firmware: failed to load amdgpu/", NULL, AQR_GPU_MESSAGE_HINT, AQR_GPU_READY_DRM, NULL },
    { "pci 0", ": bridge window", AQR_GPU_MESSAGE_OTHER, AQR_GPU_READY_PCI, NULL },
    /* not a hint: ports without a window of their own for I/O say so, and it is no harm */
    { "pci 0", "failed to assign", AQR_GPU_MESSAGE_STORY, AQR_GPU_READY_PCI, NULL },
    { "pci 0", "no space for", AQR_GPU_MESSAGE_STORY, AQR_GPU_READY_PCI, NULL },
    { "pci 0", ": [1002:", AQR_GPU_MESSAGE_LOOK, AQR_GPU_READY_PCI, NULL },
    { "pci 0", ": assigned", AQR_GPU_MESSAGE_PEEK, AQR_GPU_READY_PCI, NULL },
    { "[drm] Initialized", NULL, AQR_GPU_MESSAGE_LOOK, AQR_GPU_READY_DRM, NULL },
    { "kfd: amdgpu: added device", NULL, AQR_GPU_MESSAGE_LOOK, AQR_GPU_READY_KFD, NULL },
    { "amdgpu", NULL, AQR_GPU_MESSAGE_STORY, AQR_GPU_READY_PCI, NULL },
    { "kfd", NULL, AQR_GPU_MESSAGE_STORY, AQR_GPU_READY_PCI, NULL },
    { "[drm", NULL, AQR_GPU_MESSAGE_STORY, AQR_GPU_READY_PCI, NULL },
};

static gboolean
fits(const Row *row, const char *text)
{
    const char *found = strstr(text, row->needle);

    return found != NULL && (row->also == NULL || strstr(found + strlen(row->needle), row->also));
}

/* The name of a firmware file in @text; an untrusted guest may have written it. */
static char *
name_firmware(const char *text)
{
    const char *start = strstr(text, " amdgpu/");
    gsize length;

    if (start == NULL)
        return NULL;
    start++;
    length = strspn(start, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/");
    return g_strdup_printf("firmware is missing: %.*s; " IMAGE_FIRMWARE, (int)MIN(length, 80),
                           start);
}

AqrGpuMessage
aqr_gpu_message_judge(const char *text, AqrGpuReady ready, char **why)
{
    const Row *row = rows, *end = rows + G_N_ELEMENTS(rows);

    *why = NULL;
    while (row < end && !fits(row, text))
        row++;
    if (row == end)
        return AQR_GPU_MESSAGE_OTHER;
    if (ready < row->from)
        return AQR_GPU_MESSAGE_STORY;
    if (row->meaning == AQR_GPU_MESSAGE_HINT && row->why == NULL)
        *why = name_firmware(text);
    else
        *why = g_strdup(row->why);
    return row->meaning;
}

gboolean
aqr_gpu_message_is_of_others(const char *text)
{
    static const char *const needles[] = {
        "Direct firmware load for amdgpu/", "firmware: failed to load amdgpu/",
        "not supported in kfd", /* by so old a kernel */
        "Pending hive reset",   /* not all of the hive was passed */
    };

    for (gsize i = 0; i < G_N_ELEMENTS(needles); i++) {
        if (strstr(text, needles[i]) != NULL)
            return TRUE;
    }
    return FALSE;
}

/* Linux, Documentation/ABI/testing/dev-kmsg. A priority above 7 has a facility in it: that
 * is not the kernel. */
const char *
aqr_gpu_message_text(const char *record, guint64 *number)
{
    const char *text = strchr(record, ';');
    guint64 priority, sequence;
    char *end;

    if (text == NULL || !g_ascii_isdigit(*record))
        return NULL;
    priority = g_ascii_strtoull(record, &end, 10);
    if (*end != ',' || priority > 7 || !g_ascii_isdigit(end[1]))
        return NULL;
    sequence = g_ascii_strtoull(end + 1, &end, 10);
    if (*end != ',')
        return NULL;
    *number = sequence;
    return text + 1;
}
