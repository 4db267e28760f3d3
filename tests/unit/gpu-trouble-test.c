/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-trouble.h"

#include "support/check-main.h"

#define A "[   61.5] amdgpu 0000:01:00.0: amdgpu: "
#define HUNG "the GPU hung"
#define STUCK "the GPU could not be reset"
#define LOST "the GPU was lost"

/* As Linux 5.10 to 7.2 print them. */
static const struct {
    const char *line, *meaning;
} rows[] = {
    { A "GPU reset begin!", HUNG },
    { "[   61.5] amdgpu 0000:01:00.0: GPU reset begin!", HUNG },
    { A "GPU reset begin!. Source:  3", HUNG },
    { "[drm:amdgpu_job_timedout [amdgpu]] *ERROR* ring gfx_0.0.0 timeout, signaled seq=1, "
      "emitted seq=3",
      HUNG },
    { A "ring comp_1.2.0 timeout, signaled seq=5131, emitted seq=5132", HUNG },
    { "[  437.5] amdgpu: qcm fence wait loop timeout expired", HUNG },
    { "[  437.5] qcm fence wait loop timeout expired", HUNG },
    { "[  437.5] amdgpu: The cp might be in an unrecoverable state due to an unsuccessful queues "
      "preemption",
      HUNG },
    { A "MES might be in unrecoverable state, issue a GPU reset", HUNG },
    { "[   48.3] [drm] IP block:gfx_v8_0 is hung!", HUNG },
    { A "GPU Recovery Failed: -19", STUCK },
    { A "GPU reset end with ret = -19", STUCK },
    { A "GPU reset end with ret = 0", NULL },
    { A "device lost from bus!", LOST },
    { A "GPU reset succeeded, trying to resume", NULL },
    { A "ring gfx_0.0.0 uses VM inv eng 0 on hub 0", NULL },
    { A "amdgpu: Fatal error during GPU init", NULL },
    { "[    0.5] i915 0000:00:02.0: [drm] GPU reset begin!", NULL },
    { "[    1.0] EXT4-fs (vda1): mounted filesystem", NULL },
    { "", NULL },
};

START_TEST(judges)
{
    ck_assert_pstr_eq(aqr_gpu_trouble(rows[_i].line), rows[_i].meaning);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, judges, 0, G_N_ELEMENTS(rows));
}
