/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The other end of a socket that code under test listens on. */
#include <glib.h>

/* (transfer none): a path of this process, the same at every call. */
const char *fuzz_socket_path(void);

/* An fd that is connected to @path; non-blocking. */
int fuzz_connect(const char *path);

/* Lets the default main context do what there is to do. */
void fuzz_attend(void);

/* Sends what the socket takes of @bytes, and lets it be attended to. */
void fuzz_say(int fd, const void *bytes, gsize length);

/* Reads what has come in, and forgets it. */
void fuzz_drain(int fd);

/* The lowest free fd: when it differs afterwards, one was left open. */
int fuzz_free_fd(void);
