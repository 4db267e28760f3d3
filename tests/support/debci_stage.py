# SPDX-License-Identifier: GPL-2.0-or-later
"""A host with debci-worker 4.4 and the GPUs of a fixture, on which rocm-qemu-setup may set
what it likes: in a mount namespace /etc is a copy, and /run and /var/lib are empty. systemctl
only keeps in files what it is told, below $stage/systemctl. Needs root."""

import os
import subprocess

from server import Skipped, temporary_directory

SETUP = os.environ["AQR_SETUP"]
FIXTURES = os.environ["AQR_TEST_FIXTURES"]

# As debci 3.6, 3.12 and 4.4 have it.
TEMPLATE = """[Unit]
Description=debci-worker instance %i
Documentation=https://ci.debian.net/doc/
PartOf=debci-worker.service
Before=debci-worker.service
After=rabbitmq-server.service network-online.target
ReloadPropagatedFrom=debci-worker.service

[Service]
TasksMax=infinity
LimitNPROC=infinity
User=debci
Group=debci
WorkingDirectory=/usr/share/debci
ExecStart=/usr/share/debci/bin/debci worker
Restart=on-failure
RestartSec=5

[Install]
WantedBy=debci-worker.service
"""

STAGE = r"""
stage=$1
shift
mount -t tmpfs none /run
mount -t tmpfs none /var/lib
cp -a /etc "$stage/etc"
mount --bind "$stage/etc" /etc
for group in kvm render libvirt; do
    getent group $group >/dev/null || groupadd --system $group
done
getent passwd debci >/dev/null || useradd --system --user-group --no-create-home debci
rm -rf /etc/modules-load.d /etc/modprobe.d /etc/udev /etc/debci
: >/etc/subuid
: >/etc/subgid

mkdir "$stage/bin" "$stage/systemctl"
cat >"$stage/bin/dpkg-query" <<'END'
#!/bin/sh
[ "${debci_version=4.4}" ] || exit 1
echo "installed $debci_version"
END
cat >"$stage/bin/rocm-qemu-setup" <<'END'
#!/bin/sh
exec umockdev-run --device="$fixture" -- "$setup" "$@"
END
cat >"$stage/bin/systemctl" <<'END'
#!/bin/sh
verb=$1
unit=$2
cd "${0%/bin/*}/systemctl"
case $verb in
    show)
        echo LoadState=loaded
        if [ -e "start $unit" ]; then echo ActiveState=active; else echo ActiveState=inactive; fi
        exit
        ;;
    is-enabled)
        if [ -e "enable $unit" ]; then echo enabled; else echo disabled; exit 1; fi
        exit
        ;;
esac
printf '%s\n' "$*" >>log
: >"$verb $unit"
END
printf '#!/bin/sh\n' >"$stage/bin/udevadm"
chmod +x "$stage"/bin/*
export PATH="$stage/bin:$PATH" stage
"""


def on_stage(script: str, fixture: str = "dual-gpu", **variables: str):
    """Runs @script, for sh, on a stage of its own, $stage; rocm-qemu-setup is in PATH."""
    if os.geteuid() != 0:
        raise Skipped("needs root")
    with temporary_directory() as directory:
        return subprocess.run(
            ["unshare", "--mount", "sh", "-euc", STAGE + script, "sh", str(directory)],
            capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL,
            env=os.environ | {"setup": SETUP, "fixture": f"{FIXTURES}/{fixture}.umockdev",
                              "template": TEMPLATE} | variables)
