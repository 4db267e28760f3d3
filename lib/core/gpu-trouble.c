/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-trouble.h"

#include <glib.h>
#include <string.h>

/* The words of amdgpu and KFD in Linux 5.10 to 7.2. Some of KFD's have no "amdgpu" before them
 * in the older ones. */
static const struct {
    const char *needle;
    const char *also; /* must follow; NULL: nothing */
    const char *meaning;
} rows[] = {
    { "amdgpu", "device lost from bus", "the GPU was lost" },
    { "amdgpu", "GPU Recovery Failed", "the GPU could not be reset" },
    { "amdgpu", "GPU reset end with ret = -", "the GPU could not be reset" },
    { "amdgpu", "GPU reset begin", "the GPU hung" },
    { "amdgpu", "timeout, signaled seq", "the GPU hung" },
    { "amdgpu", "MES might be in unrecoverable state", "the GPU hung" },
    { "qcm fence wait loop timeout expired", NULL, "the GPU hung" },
    { "cp might be in an unrecoverable state", NULL, "the GPU hung" },
    { "IP block:", "is hung!", "the GPU hung" },
};

const char *
aqr_gpu_trouble(const char *line)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *found = strstr(line, rows[i].needle);

        if (found != NULL && (rows[i].also == NULL || strstr(found, rows[i].also) != NULL))
            return rows[i].meaning;
    }
    return NULL;
}
