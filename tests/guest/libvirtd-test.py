#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same VM by a real libvirtd, qemu:///system: QEMU runs as another user, the
image stays as it was, and a VM does not outlive the server, however that ends."""

import os
import pathlib
import shutil
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from libvirtd import Libvirtd, private_libvirtd  # noqa: E402
from server import Server, run_all, test_image, wait_for  # noqa: E402

daemon: Libvirtd
image: str


def system_server(*words: str, **options) -> Server:
    server = Server("--connect", daemon.uri, "--boot=bios", "--cpus=2", "--ram-size=1024",
                    *words, image=image, **options)
    os.chmod(server.tmp, 0o755)  # QEMU's user passes through
    return server


def owner_and_mode() -> tuple:
    status = os.stat(image)
    return (status.st_uid, status.st_gid, status.st_mode, status.st_size, status.st_mtime_ns)


def runs_and_leaves_the_image_alone() -> None:
    before = owner_and_mode()
    shared = daemon.directory / "shared"
    shared.mkdir(mode=0o755)
    (shared / "file").write_text("from the host\n")
    with system_server("--baseimage", f"--shared-dir=src={shared},dst=/mnt/shared") as server:
        scratch = server.open()
        assert len(daemon.domains()) == 1
        assert server.sh("cat /mnt/shared/file") == "from the host\n"
        assert server.sh("blkid -p -s PTUUID /dev/baseimage")
        assert owner_and_mode() == before
        assert server.sh("echo $((6 * 7))") == "42\n"
        assert server.ask("copydown", "/etc/passwd", f"{scratch}/passwd") == "ok"
        assert server.ask("close") == "ok"
        assert not daemon.domains()
        assert server.quit() == 0, server.stderr()
    assert owner_and_mode() == before


def the_vm_ends_with_a_killed_server() -> None:
    with system_server(accept_leftovers=True) as server:
        server.greet()
        server.write_line("open")
        wait_for(daemon.domains, 60, "a domain")
        server.process.send_signal(signal.SIGKILL)
        server.wait()
        wait_for(lambda: not daemon.domains(), 30, "libvirtd to destroy the domain")


def main() -> None:
    global daemon, image
    with private_libvirtd() as daemon:
        image = str(daemon.directory / "image.qcow2")
        shutil.copyfile(test_image(), image)
        run_all([the_vm_ends_with_a_killed_server, runs_and_leaves_the_image_alone])


main()
