/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/agent-bootstrap.h"

#include "core/link-wire.h"

/* One line, shown here as several. udev's link in /dev/virtio-ports may come late
 * or not at all; sysfs is there as soon as the port is. /run is mounted noexec by
 * Debian's initramfs. What an earlier agent left unread on the port comes first:
 * the shell skips it, up to a line that is the nonce. As a unit of its own the
 * agent is not stopped with the root shell's, and at shutdown it works until the
 * very end. Type=exec: systemd-run fails when the agent cannot be executed. */
static const char script[] =
    " nonce=%s size=%" G_GSIZE_FORMAT "; "
    "fail() { printf 'aqr-%%s: %%s\\n' failed \"$1\"; }; "
    "port=; for n in /sys/class/virtio-ports/*; do "
    "read -r x <$n/name && [ \"$x\" = " AQR_WIRE_PORT " ] && port=/dev/${n##*/}; "
    "done 2>/dev/null; "
    "agent=; for d in /run /dev/shm /var/tmp /root /tmp; do "
    "f=$d/.rocm-testbed-agent; rm -f $f; "
    "printf '#!/bin/sh\\n' >$f && chmod 700 $f && $f && { agent=$f; break; }; rm -f $f; "
    "done 2>/dev/null; "
    "if [ -z \"$port\" ]; then fail 'no virtio-serial port'; "
    "elif [ -z \"$agent\" ]; then fail 'no directory for programs'; "
    "elif { while read -r x && [ \"$x\" != $nonce ]; do :; done; "
    "head -c $size >$agent; } <$port; then "
    "{ [ -d /run/systemd/system ] && systemd-run -q -u rocm-testbed-agent-$nonce "
    "-p Type=exec -p DefaultDependencies=no -p IgnoreOnIsolate=yes -p OOMPolicy=continue "
    "$agent $port $nonce 2>/dev/null; } || "
    "$agent --background $port $nonce || fail 'the agent does not start'; "
    "else fail 'the agent did not arrive'; fi\n";

char *
aqr_agent_bootstrap_line(gsize size, const char *nonce)
{
    return g_strdup_printf(script, nonce, size);
}
