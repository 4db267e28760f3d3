#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# customize.sh ROOT: what a debci image has beyond any other testbed's.
set -eu

root=$1

# A host that finds its cache of packages by auto-apt-proxy wants its guests to find it, too.
if command -v auto-apt-proxy >/dev/null; then
    DEBIAN_FRONTEND=noninteractive chroot "$root" \
        apt-get install -q -y --no-install-recommends auto-apt-proxy
fi
