/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the agent does when it finds itself in a guest that was restored. */
#include "commands.h"

/* Takes a frame of type GREET: ends what the earlier server had asked for, renews the
 * guest, and says hello to the new one. One that is not sound is ignored. */
void greet(Commands *commands, const AqrWireHeader *header, const uint8_t *payload);
