# SPDX-License-Identifier: GPL-2.0-or-later
"""A libvirtd of the test's own, as root, with Debian's defaults: QEMU runs as
libvirt-qemu. It works in a mount namespace where everything of libvirt that a
host shares is private, so that it neither sees nor disturbs a real one. There its
socket has its usual name, which everybody may open; but as nobody can ask polkit
there, it takes root only."""

import contextlib
import os
import pathlib
import subprocess
from collections.abc import Iterator

from server import temporary_directory, wait_for

# udev gives /dev/kvm to the group kvm. Where nobody does, libvirt's QEMU cannot
# open it, and libvirt then probes QEMU anew each time it is asked about it.
SET_UP = """
set -e
cd "$1"
for dir in /var/lib/libvirt /var/cache/libvirt /run; do mount -t tmpfs tmpfs $dir; done
mkdir -p /var/lib/libvirt/qemu /run/libvirt
ln -s "$1/libvirt-sock" /run/libvirt/libvirt-sock
mount --bind qemu.conf /etc/libvirt/qemu.conf
if [ -e /dev/kvm ]; then
    mknod -m 666 kvm c 10 232
    mount --bind kvm /dev/kvm
fi
exec libvirtd --config "$1/libvirtd.conf" --pid-file "$1/libvirtd.pid"
"""

LIBVIRTD = """
unix_sock_dir = "{dir}"
auth_unix_rw = "polkit"
log_outputs = "3:file:{dir}/libvirtd.log"
"""

QEMU = """
stdio_handler = "file"
cgroup_controllers = [ ]
"""


class Libvirtd:
    def __init__(self, directory: pathlib.Path, process: subprocess.Popen) -> None:
        self.directory = directory
        self.process = process
        self.uri = f"qemu+unix:///system?socket={directory}/libvirt-sock"

    @property
    def beside(self) -> tuple[str, ...]:
        """Runs a program where it is the system's libvirtd."""
        return ("nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt")

    def virsh(self, *words: str) -> str:
        done = subprocess.run(["virsh", "-q", "-c", self.uri, *words], capture_output=True,
                              timeout=60, check=False, text=True)
        assert done.returncode == 0, f"virsh {words}: {done.stderr}; {self.log()}"
        return done.stdout

    def domains(self) -> list[str]:
        return self.virsh("list", "--all", "--name").split()

    def log(self) -> str:
        return (self.directory / "libvirtd.log").read_text(errors="replace")[-3000:]


@contextlib.contextmanager
def private_libvirtd() -> Iterator[Libvirtd]:
    with temporary_directory() as directory:
        os.chmod(directory, 0o755)
        (directory / "libvirtd.conf").write_text(LIBVIRTD.format(dir=directory))
        (directory / "qemu.conf").write_text(QEMU)
        (directory / "set-up").write_text(SET_UP)
        with subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh",
                               str(directory / "set-up"), str(directory)],
                              stdin=subprocess.DEVNULL) as process:
            daemon = Libvirtd(directory, process)
            try:
                wait_for((directory / "libvirt-sock").exists, 30, "libvirtd's socket")
                yield daemon
            finally:
                process.terminate()
                process.wait(30)
