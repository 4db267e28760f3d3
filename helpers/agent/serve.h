/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The agent's loop: what comes over the port, what commands write, who ended.
 * @signals is a signalfd, non-blocking, that SIGCHLD and SIGIO come through. */
#include "commands.h"

/* Works until the server has gone, or has talked nonsense. */
void serve(Commands *commands, int signals);

/* Waits @ms, or until the server is back, if @for_server. Children are reaped
 * meanwhile. */
bool serve_alone(Commands *commands, int signals, int ms, bool for_server);
