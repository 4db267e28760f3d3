/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What this host's kernel says of GPUs, VFIO, PCI and VMs while something goes on. */
typedef struct AqrKernelLog AqrKernelLog;

/* From now on. NULL where the log cannot be read, as by an ordinary user. */
AqrKernelLog *aqr_kernel_log_new(void) G_GNUC_WARN_UNUSED_RESULT;
void aqr_kernel_log_free(AqrKernelLog *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrKernelLog, aqr_kernel_log_free)

/* What it has said since the last look, a message a line; transfer full. */
char *aqr_kernel_log_read(AqrKernelLog *log) G_GNUC_WARN_UNUSED_RESULT;
