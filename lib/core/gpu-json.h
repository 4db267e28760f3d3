/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "core/gpu.h"

/* What @gpu is, as members of the object that @json has open. Their names are stable; what is
 * unknown is null. */
void aqr_gpu_json_add(JsonBuilder *json, const AqrGpu *gpu);
