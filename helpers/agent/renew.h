/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the kernel of a restored guest has to be told: it thinks that it is still the
 * moment at which it was saved, and it may be one of many. Tests have others of these,
 * which leave their machine alone. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets the clock: microseconds since 1970. False when the kernel does not let us. */
bool renew_clock(uint64_t time);

/* Makes the kernel's random numbers others from now on. False when it does not let us. */
bool renew_entropy(const uint8_t *seed, size_t length);
