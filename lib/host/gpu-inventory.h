/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"

/* This host's AMD GPUs as they are now, with the PCI functions and the table that they are
 * judged by, which they borrow. A look, not a watch: take another for what changed. */
typedef struct AqrGpuInventory AqrGpuInventory;

/* @table: the file amdgpu-gfx.tsv. AQR_ERROR_HOST where it is not there or wrong, or where
 * the kernel shows no PCI devices. No GPU is no error. */
AqrGpuInventory *aqr_gpu_inventory_new(const char *table, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_gpu_inventory_free(AqrGpuInventory *inventory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuInventory, aqr_gpu_inventory_free)

/* Of AqrGpu, by address; and all of the host's PCI functions, of AqrPciDevice. Transfer
 * none. */
const GPtrArray *aqr_gpu_inventory_get_gpus(const AqrGpuInventory *inventory);
const GPtrArray *aqr_gpu_inventory_get_devices(const AqrGpuInventory *inventory);

/* What a user should know of the table, for people: a line for each id that is not in it,
 * or of which amdgpu says something else. */
GStrv aqr_gpu_inventory_remarks(const AqrGpuInventory *inventory) G_GNUC_WARN_UNUSED_RESULT;
