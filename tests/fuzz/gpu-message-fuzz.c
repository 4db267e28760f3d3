/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-message.h"

#include <string.h>

#include "core/event.h"
#include "core/gpu-trouble.h"
#include "fuzz.h"

/* What it says goes into a line of JSON. */
static void
tell(const char *text)
{
    const char *trouble = aqr_gpu_trouble(text);
    const AqrEvent event = { .name = "gpu-trouble", .message = text, .error = trouble };
    g_autofree char *json = aqr_event_json(&event);

    g_assert(g_utf8_validate(json, -1, NULL));
    g_assert(strchr(json, '\n') == NULL && g_str_has_suffix(json, "\"}"));
    g_assert(trouble == NULL || g_str_has_prefix(trouble, "the GPU "));
}

/* Anybody who is root in the guest writes into its kernel's log. */
int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *record = fuzz_text(bytes, length);
    guint64 number = 0;
    const char *text = aqr_gpu_message_text(record, &number);
    g_autofree char *why = NULL;
    AqrGpuMessage meaning;

    g_assert(text == NULL || (text > record && text[-1] == ';'));
    meaning = aqr_gpu_message_judge(text == NULL ? record : text, AQR_GPU_READY_KFD, &why);
    g_assert(why == NULL || meaning == AQR_GPU_MESSAGE_HINT || meaning == AQR_GPU_MESSAGE_FATAL);
    g_assert(why == NULL || g_utf8_validate(why, -1, NULL));
    tell(record);
    return 0;
}
