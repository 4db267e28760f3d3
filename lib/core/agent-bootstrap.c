/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/agent-bootstrap.h"

#include "core/link-wire.h"

/* udev's link in /dev/virtio-ports may come late or not at all; sysfs is there
 * as soon as the port is. */
#define FIND_PORT                                                                                \
    "p=; for n in /sys/class/virtio-ports/*; do read -r x <$n/name && [ \"$x\" = " AQR_WIRE_PORT \
    " ] && p=/dev/${n##*/}; done 2>/dev/null; "

/* /run is mounted noexec by Debian's initramfs. */
#define FIND_PLACE                                                                            \
    "f=; for d in /run /dev/shm /var/tmp /root /tmp; do t=$d/.rocm-testbed-agent; rm -f $t; " \
    "printf '#!/bin/sh\\n' >$t && chmod 700 $t && $t && { f=$t; break; }; rm -f $t; "         \
    "done 2>/dev/null; "

#define FAIL(why) "printf 'aqr-%%s: " why "\\n' failed"

/* As a unit of its own it is not stopped with the root shell's, and at shutdown
 * it works until the very end. */
#define START                                                                                      \
    "if [ -d /run/systemd/system ]; then systemd-run -q -u rocm-testbed-agent-%s "                 \
    "-p DefaultDependencies=no -p IgnoreOnIsolate=yes -p LimitCORE=infinity $f $p %s 2>/dev/null " \
    "|| $f --background $p %s; else $f --background $p %s; fi; "

/* What an earlier agent left unread comes first: the shell skips it, up to a
 * line that is the nonce. */
char *
aqr_agent_bootstrap_line(gsize size, const char *nonce)
{
    return g_strdup_printf(
        " " FIND_PORT FIND_PLACE "if [ -z \"$p\" ]; then " FAIL(
            "no virtio-serial port") "; "
                                     "elif [ -z \"$f\" ]; then " FAIL(
                                         "no directory for programs") "; "
                                                                      "elif { while read -r x && [ "
                                                                      "\"$x\" != %s ]; do :; done; "
                                                                      "head -c %" G_GSIZE_FORMAT
                                                                      " >$f; } <$p; then " START
                                                                      "else " FAIL(
                                                                          "the agent did not "
                                                                          "arrive") "; fi\n",
        nonce, size, nonce, nonce, nonce, nonce);
}
