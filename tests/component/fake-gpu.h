/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A GPU of a fixture, and what is done to it: files that the kernel would make. */
#include "core/gpu.h"
#include "support/fake-sysfs.h"

typedef struct {
    FakeSysfs *sysfs;
    GPtrArray *devices, *gpus;
    AqrGpuTable *table;
    const AqrGpu *gpu; /* 0000:03:00.0 of radeon-rx-6800-xt */
} FakeGpu;

void fake_gpu_set_up(FakeGpu *fake);
void fake_gpu_tear_down(FakeGpu *fake);

/* Makes the file that is seen as @path, and the directories above it. */
void fake_gpu_write(FakeGpu *fake, const char *path, const char *text);
void fake_gpu_write_config(FakeGpu *fake, const char *address, int byte);

/* (transfer full): NULL if there is none. */
char *fake_gpu_read(FakeGpu *fake, const char *path) G_GNUC_WARN_UNUSED_RESULT;
void fake_gpu_remove(FakeGpu *fake, const char *path);

/* Binds the function @address, by its link; NULL: to none. */
void fake_gpu_bind(FakeGpu *fake, const char *address, const char *driver);

/* A process that has the file @path open, until lasting_child_end(). */
GPid fake_gpu_open(FakeGpu *fake, const char *path);

/* (transfer full): what @check says in a process of an ordinary user: NULL, nothing. */
char *fake_gpu_as_nobody(FakeGpu *fake,
                         gboolean (*check)(FakeGpu *fake,
                                           GError **error)) G_GNUC_WARN_UNUSED_RESULT;
