#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""autopkgtest-virt-qemu's options that show in the guest: one guest with them all,
before and after a reboot; and what is refused before the greeting."""

import contextlib
import os
import pathlib
import re
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Server, run_all, temporary_directory, test_image  # noqa: E402

SMALL = ("--cpus=1", "--ram-size=1024", "--boot=bios")


def check_base_image(server: Server) -> None:
    """/dev/baseimage is what was there before the guest wrote, anybody may read it, and
    its file systems have no names."""
    blkid = "/usr/sbin/blkid -p -o value -s PTUUID"
    assert server.sh(f"runuser -u nobody -- {blkid} /dev/baseimage") == server.sh(
        f"{blkid} /dev/vda") != ""
    disk = server.sh("readlink -f /dev/baseimage").strip()
    assert re.fullmatch("/dev/vd[a-z]", disk) and disk != "/dev/vda", disk
    name = disk.removeprefix("/dev/")
    assert server.sh(f"cat /sys/block/{name}/ro /sys/block/{name}/serial").split() == [
        "1", "BASEIMAGE"]
    assert server.sh("stat -L -c %a /dev/baseimage").strip() == "664"
    assert server.sh("udevadm settle; ls -1 /sys/class/block").count(name) > 1, "no partitions"
    named = server.sh("find /dev/disk -type l -exec readlink -f {} +").split()
    assert not [link for link in named if link.startswith(disk)], named
    assert [link for link in named if link.startswith("/dev/vda")], named
    assert server.sh("findmnt -n -o SOURCE /").startswith("/dev/vda")


def check_shared_dirs(server: Server, here: pathlib.Path, name: str) -> None:
    assert server.sh("cat '/mnt/read only/file'") == "from the host\n"
    refused = server.run("sh", "-c", "touch '/mnt/read only/new'")
    assert refused.returncode != 0 and b"Read-only" in refused.stderr, refused
    remounted = server.run("sh", "-c", "mount -o remount,rw '/mnt/read only' && "
                                       "touch '/mnt/read only/new'")
    assert remounted.returncode != 0, "only the guest keeps itself from writing"
    assert os.listdir(here / "read") == ["file"]
    server.sh(f"echo from the guest >/mnt/write/{name}; mkdir /mnt/write/{name}.d")
    assert (here / "write" / name).read_text() == "from the guest\n"
    assert (here / "write" / f"{name}.d").is_dir()
    (here / "write" / name).write_text("changed\n")
    assert server.sh(f"cat /mnt/write/{name}") == "changed\n"


def check_qemu_options(server: Server) -> None:
    assert server.sh("grep -c told-by-QEMU /sys/firmware/dmi/tables/DMI") == "1\n"


def ssh_port(server: Server) -> int:
    """As the hint tells it, when autopkgtest asks for a shell."""
    server.write_line("shell /")
    server.read_terminal(b"# ")
    os.write(server.terminal, b"exit\n")
    assert server.read_line(60) == "ok"
    told = re.search(r"-p (\d+) \S+@127\.0\.0\.1\n    (\S.*) COMMAND\.\.\.\n", server.stderr())
    assert told, server.stderr()
    assert told[2] == " ".join(server.execute)
    return int(told[1])


def check_ssh(port: int) -> None:
    """The image has an ssh server."""
    assert 10022 <= port <= 10071
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        assert connection.recv(100).startswith(b"SSH-2.0-OpenSSH")


def take_first_port() -> socket.socket:
    """The first of the ports that are free: the server has to take another one."""
    for port in range(10022, 10072):
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", port))
    raise AssertionError("no port is free")


def a_guest_with_everything() -> None:
    with temporary_directory() as here, take_first_port() as taken:
        (here / "read").mkdir()
        (here / "read" / "file").write_text("from the host\n")
        (here / "write").mkdir()
        with Server(test_image(), *SMALL, "--baseimage", "--dpkg-architecture=amd64",
                    "--qemu-command=qemu-system-x86_64", "--shared-dir",
                    f"src={here}/read,dst=/mnt/read only", "--qemu-options",
                    "-smbios type=11,value=told-by-QEMU -snapshot",
                    image=f"--shared-dir=src={here}/write,dst=/mnt/write,rw") as server:
            server.open()
            check_base_image(server)
            check_shared_dirs(server, here, "first")
            check_qemu_options(server)
            port = ssh_port(server)
            assert port > taken.getsockname()[1]
            check_ssh(port)
            assert server.ask("reboot") == "ok", server.stderr()
            check_base_image(server)
            check_shared_dirs(server, here, "second")
            check_ssh(port)
            assert server.quit() == 0, server.stderr()


def expect_refusal(status: int, words: str, *options: str) -> None:
    with Server(*options) as server:
        assert server.read_line(60) == "", options
        assert server.wait(20) == status, (options, server.stderr())
        assert words in server.stderr(), (words, server.stderr())


def what_cannot_work_is_refused_before_the_greeting() -> None:
    with temporary_directory() as here:
        (here / "file").touch()
        expect_refusal(1, "No such file", f"--shared-dir=src={here}/none,dst=/mnt")
        expect_refusal(1, "Not a directory", "--shared-dir", f"src={here}/file,dst=/mnt")
        expect_refusal(1, "there is no program", f"--qemu-command={here}/file")
    expect_refusal(2, "it must be src=DIR,dst=DIR", "--shared-dir=/srv:/mnt")
    expect_refusal(2, "it must be src=DIR,dst=DIR", "--shared-dir", "src=/srv,dst=mnt")
    expect_refusal(1, "there is no program \"qemu-system-no\"", "-q", "qemu-system-no")
    expect_refusal(1, "as a QEMU for x86_64", "--qemu-command=/bin/false")
    expect_refusal(2, "\"aarch64\"", "--dpkg-architecture=arm64")
    expect_refusal(2, "\"ppc64le\"", "--dpkg-architecture=amd64", "--qemu-architecture", "ppc64le")
    expect_refusal(2, "runs guests of arm", "--qemu-architecture=x86_64", "-qqemu-system-arm")


def qemu_complains_of_its_options() -> None:
    for options, words in (("-no-such-option", "no-such-option"),
                           ("-device no-such-device", "no-such-device")):
        with Server(*SMALL, f"--qemu-options={options}") as server:
            server.greet()
            assert server.ask("open", seconds=60) == ""
            assert server.wait(20) == 16
            assert words in server.stderr(), server.stderr()


def a_boot_mode_of_other_machines_is_remarked_on() -> None:
    with Server("--boot=ieee1275", "--dry-run") as server:
        assert server.wait(30) == 0
        assert server.stderr().count("\n") == 1 and "BIOS" in server.stderr(), server.stderr()


run_all([
    what_cannot_work_is_refused_before_the_greeting, a_boot_mode_of_other_machines_is_remarked_on,
    qemu_complains_of_its_options, a_guest_with_everything,
])
