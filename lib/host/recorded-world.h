/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/world.h"

/* The functions of host/live-world, with evidence kept of what they do, if the world's
 * configuration has any: when and how long, what of it failed and why, and what a VM that ends
 * leaves behind. That a GPU hung, or was lost, is said in any case. */
AqrWorld aqr_recorded_world(void);
