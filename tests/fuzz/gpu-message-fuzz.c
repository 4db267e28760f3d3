/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-message.h"
#include "fuzz.h"

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
    return 0;
}
