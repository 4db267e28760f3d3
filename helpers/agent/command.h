/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One command on its stream of the link: its bytes, its credit, its end. */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "port.h"

typedef struct Command Command;

/* NULL and the error number in *@failed when it cannot be started. */
Command *command_start(uint32_t stream, const char *const argv[], bool terminal, int *failed);
void command_free(Command *command);

uint32_t command_stream(const Command *command);
pid_t command_pid(const Command *command);

/* Does what a frame for its stream says. */
void command_handle(Command *command, Port *port, const AqrWireHeader *header,
                    const uint8_t *payload);

/* Ends it and all that it started; gently first. */
void command_kill(Command *command);

/* The same, and its stream is closed at once, without a word to the server. */
void command_forget(Command *command);

/* Its process has ended. */
void command_note_exit(Command *command, int wait_status);

/* Moves what can be moved, and reports its end once all has been sent. */
void command_step(Port *port, Command *command);

/* Its stream is closed; it may still have pipes that others write to. */
bool command_is_reported(const Command *command);

/* It may be freed. */
bool command_is_over(const Command *command);

/* The fds to wait for: how many there are. */
size_t command_poll_fds(const Command *command, const Port *port, struct pollfd fds[3]);

/* Milliseconds until command_step() has something to do of itself; -1: never. */
int64_t command_timeout(const Command *command);
