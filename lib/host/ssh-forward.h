/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/domain.h"

/* A way to the guest's ssh server, if it has one, for people: autopkgtest-virt-qemu
 * opens the same ports. Nothing of ours depends on it. */

/* Whether @port of 127.0.0.1 is free. AQR_ERROR_HOST. */
gboolean aqr_ssh_forward_check(unsigned port, GError **error);

/* Forwards @port of 127.0.0.1 to the guest's port 22, as long as the VM runs. AQR_ERROR_HOST. */
gboolean aqr_ssh_forward_open_port(AqrDomain *domain, unsigned port, GError **error);

/* Forwards the first free port from 10022 to 10071 of 127.0.0.1 to the guest's port
 * 22, as long as the VM runs. The port; 0 where it cannot be done. */
unsigned aqr_ssh_forward_open(AqrDomain *domain);
