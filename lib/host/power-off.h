/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/vm.h"

/* Lets the guest of @vm power itself off and waits for that, @timeout microseconds at most:
 * cleaning up is bounded, and not cut short by a signal. Through the agent; without one by
 * the power button, if @by_button: a GPU that is taken from a guest while its driver runs
 * may be of no use to the next. What came of it, for the log (transfer none); NULL: it
 * could not be asked. */
const char *aqr_power_off(AqrVm *vm, gboolean by_button, gint64 timeout);
