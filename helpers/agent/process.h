/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Starting and ending the processes of a command. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Our ends of a command's stdin, stdout and stderr, non-blocking. On a
 * terminal the first two are the same, and the third is -1. */
typedef struct {
    pid_t pid;
    int fds[3];
} Process;

/* Starts @argv in a session of its own. 0, or the error number of what failed:
 * then nothing was started. */
int process_start(const char *const argv[], bool terminal, Process *process);

/* The exit status of a shell for what waitpid() said. */
int process_exit_status(int wait_status);

/* A process and everything that it started, as it stood at one moment. */
typedef struct Family Family;

Family *family_find(pid_t pid);
void family_free(Family *family);

/* Signals those of the family that still live. */
void family_signal(const Family *family, int signal_number);
