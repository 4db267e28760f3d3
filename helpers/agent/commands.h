/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Everything that the server asked for and that has not ended. */
#include "command.h"

typedef struct Entry Entry;

typedef struct {
    Entry *first;
    Port *port;
} Commands;

/* Does what a frame of the server says. A frame for a stream that has ended is
 * nothing unusual, and ignored. */
void commands_handle(Commands *commands, const AqrWireHeader *header, const uint8_t *payload);

/* The fds to wait for: fills in at most @n, says how many there are. After a
 * poll(), commands_step() moves what can be moved and reports what has ended. */
size_t commands_poll_fds(const Commands *commands, struct pollfd *fds, size_t n);
void commands_step(Commands *commands);

/* A child of ours has ended. */
void commands_reap(Commands *commands);

/* Milliseconds until commands_step() has something to do of itself; -1: never. */
int commands_timeout(const Commands *commands);

/* The server is gone: nobody waits for any of them. */
void commands_kill_all(Commands *commands);

/* The same, and another server has come, whose streams may have their numbers. */
void commands_forget_all(Commands *commands);
