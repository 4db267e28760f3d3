#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Places that cannot keep a saved VM, guests that cannot be saved, and a libvirtd with two VMs
of one pair. Each time it is told why; with --warm=auto there is a testbed nevertheless, if
there can be one."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from libvirtd import private_libvirtd  # noqa: E402
from server import Server, Skipped, run_all, test_image  # noqa: E402
from warm import WarmDir, begin_open, expect_error, warm_directory  # noqa: E402

MACHINE = ("--boot=bios", "--cpus=1", "--ram-size=1024")
REMEDY = "use another directory with --warm-dir, or none with --warm=off"
UNSAVABLE = "--qemu-options=-device nvme,serial=1,bus=pcie.0,addr=0x10"
UNKNOWN = "--qemu-options=-drive if=none,id=d,file={},format=raw"


# --- places that cannot keep one

def in_a_namespace(mount: str) -> tuple[str, ...]:
    return ("unshare", "--mount", "--propagation", "private", "sh", "-ec",
            f'{mount}; exec "$@"', "sh")


def full(path: pathlib.Path) -> tuple[str, ...]:
    path.mkdir()
    return in_a_namespace(f"mount -t tmpfs -o size=64m,mode=700 tmpfs {path}")


def read_only(path: pathlib.Path) -> tuple[str, ...]:
    path.mkdir(mode=0o700)
    return in_a_namespace(f"mount --bind {path} {path}; mount -o remount,bind,ro {path}")


def somebody_elses(path: pathlib.Path) -> tuple[str, ...]:
    path.mkdir(mode=0o700)
    os.chown(path, 65534, 65534)
    return ()


def everybodys(path: pathlib.Path) -> tuple[str, ...]:
    path.mkdir()
    path.chmod(0o777)
    return ()


def a_link(path: pathlib.Path) -> tuple[str, ...]:
    (path.parent / "target").mkdir(mode=0o700)
    path.symlink_to("target")
    return ()


def places_that_are_no_good() -> None:
    """It does not even begin to boot."""
    if os.geteuid() != 0:
        raise Skipped("only root can make them")
    for make, words in ((full, "no room for a saved VM"), (read_only, "Read-only file system"),
                        (somebody_elses, "it belongs to another user"),
                        (everybodys, "others may write to it"), (a_link, "it is a symbolic link")):
        with warm_directory() as here:
            cache = WarmDir(here / "warm", *MACHINE)
            with cache.server(through=make(cache.path)) as server:
                expect_error(server, words, f'"{cache.path}"', REMEDY)
            assert not list(here.glob("*/*"))


def a_place_that_is_no_good_is_remarked_on() -> None:
    with warm_directory() as here:
        cache = WarmDir(here / "warm", *MACHINE)
        a_link(cache.path)
        with cache.server(warm="auto") as server:
            qemu = begin_open(server)
            command = pathlib.Path(f"/proc/{qemu}/cmdline").read_bytes()
            assert b"memory-backend-file" not in command and b"overlay" in command, command
            assert server.stderr().count("\n") == 1, server.stderr()
            assert "the testbed is not warm: " in server.stderr()
            assert str(cache.path) in server.stderr()
        assert not list((here / "target").iterdir())


# --- guests that cannot be saved

def one_that_does_not_boot_is_not_booted_twice() -> None:
    with warm_directory() as here:
        image = here / "empty.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1G"], check=True)
        for warm in ("auto", "on"):
            cache = WarmDir(here / warm, *MACHINE, "--timeout-reboot=5")
            with cache.server(warm=warm, image=str(image)) as server:
                expect_error(server, "gave up waiting", status=12, seconds=20)
                assert server.stderr().count("\n") <= 3, server.stderr()
            assert not list(cache.path.iterdir()), os.listdir(cache.path)


def a_device_that_cannot_be_saved() -> None:
    """The testbed is used as it has booted, and nobody tries it again."""
    with warm_directory() as here:
        cache = WarmDir(here / "warm", *MACHINE, UNSAVABLE)
        with cache.server(warm="auto") as server:
            server.open()
            assert server.sh("ls /sys/class/nvme") == "nvme0\n"
            assert server.stderr().count("cannot save the VM: ") == 1, server.stderr()
            assert "nvme" in server.stderr(), server.stderr()
            assert server.quit() == 0, server.stderr()
        assert not cache.saved() + cache.drafts(), os.listdir(cache.path)
        with cache.server(warm="on") as server:
            expect_error(server, "cannot save the VM: ", "nvme", seconds=5)


def what_nobody_knows_is_not_saved() -> None:
    with warm_directory() as here:
        disk = here / "disk"
        disk.write_bytes(bytes(1 << 20))
        cache = WarmDir(here / "warm", *MACHINE, UNKNOWN.format(disk))
        with cache.server(warm="on") as server:
            expect_error(server, "-drive", "--qemu-options", seconds=5)


# --- a daemon

def two_vms_of_one_daemon() -> None:
    """They have one UUID, which no two domains of a libvirtd may have by themselves."""
    with private_libvirtd() as daemon:
        image = daemon.directory / "image.qcow2"
        shutil.copyfile(test_image(), image)
        cache = WarmDir(daemon.directory / "warm", f"--connect={daemon.uri}", *MACHINE)

        def system_server() -> Server:
            server = cache.server(image=str(image))
            os.chmod(server.tmp, 0o755)  # QEMU's user passes through
            return server

        with system_server() as one, system_server() as two:
            one.open()
            two.open()
            assert len(daemon.domains()) == 2 and len(cache.saved()) == 1
            boot_ids = {server.sh("cat /proc/sys/kernel/random/boot_id; touch /root/trace")
                        for server in (one, two)}
            assert len(boot_ids) == 1
            one.take_open("revert")
            assert one.sh("ls /root/trace 2>/dev/null || echo none") == "none\n"
            assert two.sh("ls /root/trace") == "/root/trace\n"
            assert two.quit() == 0, two.stderr()
            assert len(daemon.domains()) == 1
            assert one.quit() == 0, one.stderr()
        assert not daemon.domains() and len(cache.saved()) == 1


run_all([
    places_that_are_no_good, a_place_that_is_no_good_is_remarked_on,
    one_that_does_not_boot_is_not_booted_twice, a_device_that_cannot_be_saved,
    what_nobody_knows_is_not_saved, two_vms_of_one_daemon,
])
