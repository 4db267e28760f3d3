/* SPDX-License-Identifier: GPL-2.0-or-later */

/* gpu-judge script: prints the script that tells a guest's facts.
 * gpu-judge READY DEVICE: judges facts on stdin, for a guest that started with the GPU of
 * that PCI device id: "yes", "wait" or "never", and why. */
#include <stdio.h>
#include <stdlib.h>

#include "core/gpu-facts.h"
#include "core/gpu-ready.h"

static int
judge(AqrGpuReady ready, const char *device)
{
    static const char *const verdicts[] = { "yes", "wait", "never" };
    AqrGpuExpected gpu = { .address = (char *)"0000:03:00.0" };
    g_autoptr(GPtrArray) expected = g_ptr_array_new();
    AqrGpuDemand demand = { .expected = expected, .ready = ready };
    g_autofree char *why = NULL, *remark = NULL;
    char facts[65536];
    AqrGpuVerdict verdict;

    facts[fread(facts, 1, sizeof facts - 1, stdin)] = '\0';
    gpu.device = (guint16)strtoul(device, NULL, 16);
    g_ptr_array_add(expected, &gpu);
    verdict = aqr_gpu_ready_judge(facts, &demand, &why, &remark, NULL);
    printf("%s %s\n", verdicts[verdict], why == NULL ? "" : why);
    return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    AqrGpuReady ready;

    if (argc == 2 && g_str_equal(argv[1], "script"))
        return fputs(aqr_gpu_facts_script, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    if (argc != 3 || !aqr_gpu_ready_parse(argv[1], &ready, NULL))
        return EXIT_FAILURE;
    return judge(ready, argv[2]);
}
