/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "host/domain.h"

/* Plugs all GPUs of @spec into their ports of the running @domain, which was started with
 * these empty (core/domain-gpus). The guest sees them a moment later; whether they work there
 * is host/gpu-wait's business. What was plugged goes back when the domain ends, not before:
 * after AQR_ERROR_GPU, which names the GPU, it is to be ended. */
gboolean aqr_gpu_plug(AqrDomain *domain, const AqrVmSpec *spec, GError **error);
