/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The line that brings the agent into the guest, typed at its root shell. The
 * shell finds the virtio-serial port, reads @size bytes of program from it into
 * a directory that allows execution, and starts it with @nonce. It needs a
 * POSIX shell, head, chmod and rm. Shorter than a terminal's line may be (4095).
 *
 * When it fails it prints AQR_BOOTSTRAP_FAILED and the reason. */
char *aqr_agent_bootstrap_line(gsize size, const char *nonce) G_GNUC_WARN_UNUSED_RESULT;

/* Printed on the console by a line that failed, followed by why; the echo of
 * the line itself does not contain it. */
#define AQR_BOOTSTRAP_FAILED "aqr-failed: "
