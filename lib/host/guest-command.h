/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/guest-link.h"

/* A command in the guest whose stdin, stdout and stderr are file descriptors
 * here. */
typedef struct AqrGuestCommand AqrGuestCommand;

/* It has ended, and all that it wrote has been written here: its exit status
 * (128 + N for signal N), or -1 when the guest was lost. The command is freed
 * when this returns. */
typedef void (*AqrGuestCommandEnded)(int status, gpointer data);

/* Starts @argv on fds[0..2], of which it takes duplicates; -1: nothing. On a
 * terminal stderr comes with stdout. @ended may be called before this returns
 * only if the link is down: then NULL is returned. */
AqrGuestCommand *aqr_guest_command_start(AqrGuestLink *link, const char *const *argv,
                                         gboolean terminal, const int fds[3],
                                         AqrGuestCommandEnded ended, gpointer data);

/* The error number of what could not be read or written here, to be asked while it
 * ends: a full disk. 0: all went well. */
int aqr_guest_command_host_error(const AqrGuestCommand *command);

/* Nobody waits for it any more: kills what it started in the guest, calls
 * nobody, and lets go of the file descriptors at once. */
void aqr_guest_command_kill(AqrGuestCommand *command);

/* Its terminal changed its size. */
void aqr_guest_command_resize(AqrGuestCommand *command, guint16 rows, guint16 columns);
