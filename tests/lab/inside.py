# SPDX-License-Identifier: GPL-2.0-or-later
"""L1's first process: sets up what a Debian would have, then runs the tests that the
host names, each in a child. All that they print goes to the host. It adopts and reaps
what is left of others, which libvirt waits for."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import time

SOURCE = pathlib.Path("/lab/source")
sys.path[:0] = [str(SOURCE / "tests/lab"), str(SOURCE / "tests/support")]

ENVIRONMENT = {
    "AQR_SERVER": "/lab/build/virt/autopkgtest-virt-qemu-rocm",
    "AQR_LIBEXEC_DIR": "/lab/build/virt:/lab/build/helpers/agent:/lab/build/helpers/keeper",
    "AQR_DATA_DIR": "/lab/source/data",
    "AQR_TEST_IMAGE": "/lab/l2/disk",
    "AQR_ACCEL": "kvm",
    "AQR_WARM": "off",  # by what does not speak through server.py
    "LANG": "C.UTF-8",
    "PATH": "/lab/build/virt:/lab/build/helpers/gpus:/lab/build/helpers/setup:" + os.environ["PATH"],
}

# amdgpu has nothing to drive here and takes 5 s to see it, and the others as little.
# Debian has framebuffer drivers loaded by name only. The leases' directory is root's,
# whichever test comes first: one that an ordinary user made is not taken by others.
SET_UP = """
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t debugfs debugfs /sys/kernel/debug
for dir in /dev/shm /run /tmp; do mount -t tmpfs tmpfs $dir; done
chmod 1777 /tmp /dev/shm
mkdir -p -m 1777 /run/lock
mkdir -m 1777 /run/lock/rocm-gpu
mkdir /run/modprobe.d
printf 'blacklist %s\\n' amdgpu ahci iTCO_wdt i2c_i801 lpc_ich pcspkr psmouse \\
    >/run/modprobe.d/lab.conf
hostname l1
ip link set lo up
/lib/systemd/systemd-udevd --daemon
udevadm trigger --type=subsystems --action=add
udevadm trigger --type=devices --action=add
udevadm settle
modprobe aty128fb
"""


def find_port() -> str:
    """udev's link in /dev/virtio-ports comes later."""
    for port in pathlib.Path("/sys/class/virtio-ports").iterdir():
        if (port / "name").read_text() == "lab\n":
            return f"/dev/{port.name}"
    raise SystemExit("no port to the host")


def beat() -> None:
    """By this the host tells a test that takes long from an L1 that hangs."""
    if os.fork() == 0:
        while True:
            os.write(1, b"lab: beat\n")
            time.sleep(2)


def load(file: str):
    spec = importlib.util.spec_from_file_location(file, SOURCE / "tests/lab" / file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(file: str, name: str) -> str:
    """One test in a child, or without a file a shell's script; the word for its end."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if not file:
            os.execvp("sh", ["sh", "-c", name])
        import lab  # pylint: disable=import-outside-toplevel
        status = lab.run_test(load(file), name)
        sys.stdout.flush()
        os._exit(status)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return {0: "passed", 77: "skipped"}.get(code, "failed")


def main() -> None:
    port = os.open(find_port(), os.O_RDWR)
    console = os.dup(1)
    for fd in (0, 1, 2):
        os.dup2(port, fd)
    sys.stdout.reconfigure(line_buffering=True)
    beat()
    # udevd's own words are for L1's console.
    subprocess.run(["sh", "-ec", SET_UP], check=True, stdin=subprocess.DEVNULL, stdout=console,
                   stderr=console)
    os.environ.update(ENVIRONMENT)
    os.environ.setdefault("HOME", "/root")
    print("lab: ready")
    with os.fdopen(os.dup(0)) as commands:
        for line in commands:
            print("lab: " + run(*json.loads(line)))


main()
