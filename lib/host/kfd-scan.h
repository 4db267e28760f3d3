/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What KFD, the part of amdgpu that computes, tells of the GPUs that it has: writes their
 * gfx_version and hive into @devices (of AqrPciDevice). Without KFD, and for the nodes that
 * we may not read, they stay as they are. */
void aqr_kfd_scan(const GPtrArray *devices);
