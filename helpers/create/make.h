/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/progress.h"
#include "cli/vm-place.h"
#include "host/stop.h"
#include "options.h"

/* What rocm-qemu-create does, as stages: build or copy, boot and check, replace. */
typedef struct {
    const CreateOptions *options;
    AqrStop *stop;
    AqrProgress *progress;
    AqrVmPlace *place; /* of the VMs that it boots */
} Create;

/* FALSE without an error: the image is not good, the report has said why, and what was there is
 * still there. */
gboolean create_build(const Create *create, GError **error);
gboolean create_update(const Create *create, GError **error);
gboolean create_check(const Create *create, GError **error);

/* Prints what create_build() or create_update() would do. */
void create_plan(const CreateOptions *options);
