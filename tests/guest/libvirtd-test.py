#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same VM by a real libvirtd, qemu:///system: QEMU runs as another user, the
image stays as it was, and a VM does not outlive the server, however that ends. And
who has it without asking for it, and what is not its business."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from libvirtd import Libvirtd, private_libvirtd  # noqa: E402
from server import (Server, environment, processes_knowing, run_all, test_image,  # noqa: E402
                    wait_for)

MACHINE = ("--boot=bios", "--cpus=2", "--ram-size=1024")
BY_DEFAULT = {"LIBVIRT_DEFAULT_URI": ""}

# As nobody, who is in the groups of $1.
AS_NOBODY = """
mount --bind "$1" /etc/group
shift
exec setpriv --reuid=nobody --regid=nogroup --init-groups "$@"
"""

daemon: Libvirtd
image: str


def system_server(*words: str, **options) -> Server:
    server = Server("--connect", daemon.uri, *MACHINE, *words, image=image, **options)
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
    """Which root's is without asking."""
    with Server(*MACHINE, image=image, accept_leftovers=True, through=daemon.beside,
                env=BY_DEFAULT) as server:
        os.chmod(server.tmp, 0o755)
        server.greet()
        server.write_line("open")
        wait_for(daemon.domains, 60, "a domain")
        server.process.send_signal(signal.SIGKILL)
        server.wait()
        wait_for(lambda: not daemon.domains(), 30, "libvirtd to destroy the domain")


def greet_nobody(groups: str) -> str:
    """What the server says to nobody, with these lines in /etc/group."""
    home = daemon.directory / "home"
    home.mkdir(exist_ok=True)
    shutil.chown(home, "nobody")
    file = daemon.directory / "group"
    file.write_text(groups)
    through = (*daemon.beside, "unshare", "--mount", "--propagation", "private", "sh", "-ec",
               AS_NOBODY, "sh", str(file))
    tmp = daemon.directory / "tmp"
    tmp.mkdir(exist_ok=True)
    shutil.chown(tmp, "nobody")
    with Server(*MACHINE, image=image, through=through, tmp=str(tmp),
                env=BY_DEFAULT | {"HOME": str(home), "XDG_CACHE_HOME": str(home)}) as server:
        server.greet()
        assert server.quit() == 0, server.stderr()
        return server.stderr()


def whom_it_does_not_let_in_has_his_own() -> None:
    others = "".join(line for line in pathlib.Path("/etc/group").read_text().splitlines(True)
                     if not line.startswith("libvirt:"))
    assert "cannot connect" not in greet_nobody(others)
    said = greet_nobody(others + "libvirt:x:64999:nobody\n")
    assert 'cannot connect to "qemu:///system"' in said, said
    assert "so qemu:///embed it is" in said, said


def machines(disk: pathlib.Path) -> list[str]:
    return [line for line in processes_knowing(str(disk)) if "qemu-system" in line]


def what_writes_to_its_image_is_none_of_its() -> None:
    mine = daemon.directory / "mine.qcow2"
    shutil.copyfile(image, mine)
    mine.chmod(0o600)
    with subprocess.Popen(
            [*daemon.beside, os.environ["AQR_RUN"], "-g", "none", "-c2", "-m", "1024",
             "--boot=bios", str(mine), "--", "true"],
            env=environment(**BY_DEFAULT), stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: process.poll() is not None or machines(mine), 60, "a QEMU")
            assert process.poll() is None, process.stderr.read()
            assert not daemon.domains()
        finally:
            process.terminate()
            process.wait(60)
    assert not machines(mine)


def create(directory: pathlib.Path, mask: str, *words: str) -> str:
    """What rocm-qemu-create says where nothing can be built."""
    libexec = daemon.directory / "libexec"
    libexec.mkdir(exist_ok=True)
    (libexec / "build-image").write_text("#!/bin/sh\necho builds >&2\nexit 1\n")
    (libexec / "build-image").chmod(0o755)
    done = subprocess.run(
        [*daemon.beside, "sh", "-c", f'umask {mask}; exec "$@"', "sh", os.environ["AQR_CREATE"],
         *words, str(directory / "x.img")],
        env=environment(AQR_LIBEXEC_DIR=f"{libexec}:{os.environ['AQR_LIBEXEC_DIR']}",
                        **BY_DEFAULT),
        capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 1, done
    assert not list(directory.iterdir()), list(directory.iterdir())
    return done.stderr


def an_image_out_of_reach_is_not_even_built() -> None:
    """If it is asked to prove it; who asks for nothing proves it himself."""
    directory = daemon.directory / "images"
    directory.mkdir(mode=0o700)
    by_daemon = f"--connect={daemon.uri}"
    for mode, mask, words, said in (
            (0o700, "022", (by_daemon,), "does not let in"),
            (0o755, "077", (by_daemon,), "may not read it"),
            (0o755, "022", (by_daemon,), "builds"),
            (0o700, "077", (), "builds")):
        directory.chmod(mode)
        answer = create(directory, mask, *words)
        assert said in answer, (words, answer)
        assert ("before anything is built" in answer) == (said != "builds"), answer


def main() -> None:
    global daemon, image
    with private_libvirtd() as daemon:
        image = str(daemon.directory / "image.qcow2")
        shutil.copyfile(test_image(), image)
        run_all([the_vm_ends_with_a_killed_server, runs_and_leaves_the_image_alone,
                 whom_it_does_not_let_in_has_his_own, what_writes_to_its_image_is_none_of_its,
                 an_image_out_of_reach_is_not_even_built])


main()
