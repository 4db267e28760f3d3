/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a kernel says of a GPU that has worked, and does not any more. For one that does not get
 * so far see core/gpu-message. */

/* "the GPU hung", "the GPU could not be reset" or "the GPU was lost", if that is what @line of
 * the kernel's log tells; NULL: it does not. Who may write into that log may make it tell so. */
const char *aqr_gpu_trouble(const char *line);
