#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong while a guest runs: it panics, hangs, or is taken apart by a
test; the host's disk is full; somebody interrupts, whatever is going on. Each time
the reason is told at once, commands end, and nothing stays."""

import contextlib
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Server, run_all, temporary_directory, wait_for  # noqa: E402

MACHINE = ("--boot=bios", "--cpus=1", "--ram-size=1024")


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[pathlib.Path]:
    with temporary_directory() as here:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", here],
                       check=True)
        try:
            yield here
        finally:
            subprocess.run(["umount", here], check=True)


def expect_lost(server: Server, command, seconds: float) -> None:
    """The command ends as one whose testbed has gone, and so do all after it."""
    start = time.monotonic()
    assert command.wait(seconds) == 255
    assert b"gone" in command.communicate()[1]
    assert server.run("true").returncode == 255
    assert time.monotonic() - start < seconds


def a_kernel_panic_is_told_at_once() -> None:
    """Whatever the kernel itself does then: Debian's hangs."""
    with Server(*MACHINE) as server:
        server.open()
        assert server.sh("cat /proc/sys/kernel/panic").strip() == "0"
        command = server.popen("sleep", "1000")
        server.popen("sh", "-c", "echo c >/proc/sysrq-trigger")
        expect_lost(server, command, 30)
        assert "the guest's kernel panicked" in server.stderr(), server.stderr()
        assert "Kernel panic - not syncing: sysrq" in server.stderr(), server.stderr()
        assert server.ask("copyup", "/etc/passwd", "/dev/null") == ""
        assert server.wait(20) == 12
        assert "the testbed is lost" in server.stderr(), server.stderr()


def a_full_disk_under_the_overlay_is_told_at_once() -> None:
    with small_disk(400) as here, Server(*MACHINE, f"--overlay-dir={here}") as server:
        server.open()
        command = server.popen("sh", "-c", "cat /dev/urandom >/var/tmp/all; sync")
        expect_lost(server, command, 100)
        assert f'the disk under "{here}/aqr-' in server.stderr(), server.stderr()
        assert "--overlay-dir" in server.stderr()
        start = time.monotonic()
        assert server.ask("close") == "ok"
        assert time.monotonic() - start < 10
        assert not list(here.glob("aqr-*/*")), list(here.rglob("*"))
        assert server.quit() == 0, server.stderr()


if __name__ == "__main__":
    run_all([
        a_kernel_panic_is_told_at_once, a_full_disk_under_the_overlay_is_told_at_once,
    ])
