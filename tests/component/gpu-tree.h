/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a guest shows of its GPUs, as files: gpu-trees/NAME. */

/* Makes them in @root, over what is there. */
void gpu_tree_make(const char *root, const char *name);
