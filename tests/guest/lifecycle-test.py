#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An EFI boot, read-only disks, the base image's integrity, and what happens when
somebody interrupts: at every point the server goes, and nothing stays."""

import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import (Server, processes_knowing, run_all, temporary_directory,  # noqa: E402
                    test_image, wait_for)

SMALL = ("--cpus=1", "--ram-size=1024")


def fingerprint(path: str) -> tuple:
    status = os.stat(path)
    with open(path, "rb") as file:
        return (hashlib.file_digest(file, "sha256").hexdigest(), status.st_mode, status.st_uid,
                status.st_gid, status.st_mtime_ns)


def boots_by_efi_with_a_read_only_disk() -> None:
    """And powers itself off at the end."""
    before = fingerprint(test_image())
    with temporary_directory() as here:
        extra = here / "extra.raw"
        extra.write_bytes(b"read only\n" + b"\0" * (1 << 20))
        with Server(test_image(), "--timeout-poweroff=60", str(extra), "--cpus=1",
                    image="--ram-size=1024") as server:
            server.open()
            assert server.run("test", "-d", "/sys/firmware/efi").returncode == 0
            assert server.sh("head -n 1 /dev/vdb; cat /sys/block/vdb/ro").split() == [
                "read", "only", "1"]
            assert server.quit() == 0, server.stderr()
            assert "guest has powered itself off" in server.stderr()
        assert extra.read_bytes().startswith(b"read only\n")
    assert fingerprint(test_image()) == before


def qemu_pids(server: Server) -> list[int]:
    return [int(line.split(":")[0]) for line in processes_knowing(server.tmp)
            if "qemu-system" in line.split(": ")[1].split(" ")[0]]


def start_opening(server: Server) -> None:
    server.greet()
    server.write_line("open")
    wait_for(lambda: qemu_pids(server), 60, "QEMU")


def a_signal_while_it_boots() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        with Server(*SMALL, "--boot=bios") as server:
            start_opening(server)
            server.process.send_signal(number)
            assert server.wait(20) == -number, number


def the_caller_goes_while_it_boots() -> None:
    with Server(*SMALL, "--boot=bios") as server:
        start_opening(server)
        server.process.stdin.close()
        assert server.wait(20) == 12
        assert "end of file" in server.stderr()


def the_caller_goes_before_it_asked() -> None:
    with Server(*SMALL) as server:
        server.greet()
        server.process.stdin.close()
        assert server.wait(20) == 12


def qemu_dies_while_it_boots() -> None:
    with Server(*SMALL, "--boot=bios", "--show-boot") as server:
        start_opening(server)
        wait_for(server.stderr, 60, "the first words on the console")
        time_of_death = time.monotonic()
        for pid in qemu_pids(server):
            os.kill(pid, signal.SIGKILL)
        assert server.read_line(20) == ""
        assert time.monotonic() - time_of_death < 10
        assert server.wait(20) == 12
        assert "while booting" in server.stderr(), server.stderr()


def a_killed_server_takes_its_guest_along() -> None:
    """Nothing on the host is left to do it: the agent powers the guest off."""
    with Server(*SMALL, "--boot=bios", accept_leftovers=True) as server:
        server.open()
        assert qemu_pids(server)
        server.process.kill()
        server.wait()
        wait_for(lambda: not qemu_pids(server), 90, "the guest to power itself off")


def an_image_that_does_not_boot_is_given_up() -> None:
    with temporary_directory() as here:
        image = here / "empty.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "1G"], check=True)
        with Server(*SMALL, "--timeout-reboot=5", image=str(image)) as server:
            server.greet()
            start = time.monotonic()
            assert server.ask("open", seconds=60) == ""
            assert time.monotonic() - start < 20
            assert server.wait(20) == 12
            assert "gave up waiting" in server.stderr(), server.stderr()


def expect_refusal(status: int, words: str, *options: str, image: str) -> None:
    with Server(*options, image=image) as server:
        assert server.read_line(60) == "", options
        assert server.wait(20) == status, (options, server.stderr())
        assert words in server.stderr(), (words, server.stderr())


def what_cannot_work_is_refused_before_the_greeting() -> None:
    image = test_image()
    with temporary_directory() as here:
        damaged = here / "damaged.qcow2"
        with open(image, "rb") as file:
            damaged.write_bytes(file.read(60))
        expect_refusal(1, "No such file", image="/no/such.qcow2")
        expect_refusal(1, "Is a directory", image=str(here))
        expect_refusal(1, "damaged.qcow2", image=str(damaged))
    expect_refusal(2, "09:00", "--gpu=09:00", image=image)
    expect_refusal(2, "--gpu-ready", "--gpu-ready=perhaps", image=image)
    expect_refusal(2, "unknown accelerator", "--accel=warp", image=image)
    expect_refusal(2, "unknown boot mode", "--boot=shoe", image=image)
    expect_refusal(2, "--no-such-option", "--no-such-option", image=image)
    expect_refusal(2, "not negative", "--cpus=-1", image=image)
    expect_refusal(1, "cannot connect", "--connect=qemu+unix:///system?socket=/no/such",
                   image=image)


run_all([
    what_cannot_work_is_refused_before_the_greeting, the_caller_goes_before_it_asked,
    a_signal_while_it_boots, the_caller_goes_while_it_boots, qemu_dies_while_it_boots,
    a_killed_server_takes_its_guest_along, an_image_that_does_not_boot_is_given_up,
    boots_by_efi_with_a_read_only_disk,
])
