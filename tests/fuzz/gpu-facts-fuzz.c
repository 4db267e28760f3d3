/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-ready.h"
#include "fuzz.h"

static void
judge(const char *facts, const AqrGpuDemand *demand)
{
    g_autofree char *why = NULL, *remark = NULL;
    AqrGpuVerdict verdict = aqr_gpu_ready_judge(facts, demand, &why, &remark, NULL);

    g_assert((verdict == AQR_GPU_VERDICT_YES) == (why == NULL));
    g_assert(why == NULL || g_utf8_validate(why, -1, NULL));
    g_assert(remark == NULL || g_utf8_validate(remark, -1, NULL));
}

/* A guest that lies about its GPUs. */
int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    static AqrGpuExpected gpus[] = {
        { .device = 0x73bf, .gfx = (char *)"gfx1030", .address = (char *)"0000:03:00.0" },
        { .device = 0x74a1, .address = (char *)"0000:83:00.0" },
    };
    g_autofree char *facts = fuzz_text(bytes, length);
    g_autoptr(GPtrArray) expected = g_ptr_array_new();
    AqrGpuDemand demand = { .expected = expected };

    g_ptr_array_add(expected, &gpus[0]);
    g_ptr_array_add(expected, &gpus[1]);
    for (int ready = AQR_GPU_READY_NONE; ready <= AQR_GPU_READY_KFD; ready++) {
        demand.ready = (AqrGpuReady)ready;
        judge(facts, &demand);
    }
    return 0;
}
