/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* ssh's configuration for a guest that it reaches by a command. */
typedef struct {
    const char *user;
    const char *const *exec_argv; /* runs a command in the guest */
    const char *command;          /* an ssh server on stdin and stdout, as a shell has it */
    const char *dir;              /* of "ssh-key" and "known_hosts"; absolute */
} AqrSshConfig;

/* (transfer full): the host is AQR_SSH_HOST; see ssh_config(5). */
char *aqr_ssh_config(const AqrSshConfig *config) G_GNUC_WARN_UNUSED_RESULT;

#define AQR_SSH_HOST "testbed"
