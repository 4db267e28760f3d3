/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "core/world.h"

/* What is written down of a VM that has started: a JSON object of one line, transfer full.
 * @qemu: its version, NULL if it is unknown. */
char *aqr_vm_evidence(const AqrVmSpec *spec, AqrStart how,
                      const char *qemu) G_GNUC_WARN_UNUSED_RESULT;
