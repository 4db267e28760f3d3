/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The libvirt daemon of this host's system, before it is connected to. */

/* Whether there is one for this process: it may open the daemon's socket, and its user is one of
 * those whom the daemon then lets in. */
gboolean aqr_libvirt_daemon_is_for_us(void);
