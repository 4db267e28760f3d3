/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/live-world.h"

/* --ssh: a way for ssh, scp, sftp and rsync into the guest that needs no network there and
 * listens nowhere here. Each connection is a command through rocm-testbed-exec: an sshd of its
 * own that lets one key in, which is made for this run, and shows one host key, which is known. */

/* Makes what is needed, here in the run's directory and in the guest in /run, and tells what to
 * type; again after the guest has restarted. @user: whom it is for, NULL: root. AQR_ERROR_HOST;
 * AQR_ERROR_GUEST: it has no sshd. */
gboolean ssh_let_in(const AqrLiveConfig *config, AqrLiveWorld *world, const char *user,
                    GError **error);
