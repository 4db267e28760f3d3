#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rocm-qemu-create, killed while the VM runs that proves an image or brings it up to date; with
"full", its disk fills up meanwhile. The image and its manifest are as they were, and there is no
QEMU, overlay or directory of the program's."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from create_stage import child_of  # noqa: E402
from image_stage import SECONDS, ImageStage, read_until  # noqa: E402
from server import Skipped, run_all, temporary_directory, test_image, wait_for  # noqa: E402


def kill(process: subprocess.Popen, whom: str) -> None:
    """Of both, the program is held first, which would clean up after the worker."""
    worker = child_of(process.pid)
    if whom == "both":
        os.kill(process.pid, signal.SIGSTOP)
    if whom in ("worker", "both"):
        os.kill(worker, signal.SIGKILL)
    if whom in ("program", "both"):
        os.kill(process.pid, signal.SIGKILL)


def killed(task: str, whom: str) -> None:
    """When there is a QEMU. After both, the next one cleans up, however that ends."""
    with temporary_directory() as directory:
        stage = ImageStage(directory)
        with stage.start(task) as process:
            read_until(process, "booting")
            wait_for(stage.machines, SECONDS, "QEMU")
            kill(process, whom)
            assert process.wait(SECONDS) == -signal.SIGKILL, process.stderr.read()
        if whom == "both":
            assert stage.leftovers()
            assert stage.run(task, "--timeout-reboot=1").returncode == 1
        stage.nothing_has_changed()


def it_is_killed_while_its_vm_boots() -> None:
    """The worker cleans up after the program, the program after the worker."""
    for task in ("--check", "--update"):
        for whom in ("program", "worker", "both"):
            try:
                killed(task, whom)
            except Exception as error:
                raise AssertionError(f"{task}, {whom}: {error}") from error


@contextlib.contextmanager
def small_disk(place: pathlib.Path, megabytes: int):
    """With what was there."""
    if os.geteuid() != 0:
        raise Skipped("mounting needs root")
    there = [(path, path.stat(), path.read_bytes()) for path in place.iterdir()]
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", place], check=True)
    try:
        for path, status, data in there:
            path.write_bytes(data)
            path.chmod(status.st_mode & 0o777)
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def the_disk_fills_up(task: str, where: str) -> None:
    with temporary_directory() as directory:
        stage = ImageStage(directory)
        with small_disk(directory / where, 3):
            stage.before = stage.state()
            result = stage.run(task)
            assert result.returncode == 1, result
            assert f'the disk under "{directory / where}/' in result.stderr, result
            assert "is full; make room" in result.stderr, result
            stage.nothing_has_changed()


def the_disk_under_the_proofs_overlay_fills_up() -> None:
    the_disk_fills_up("--check", "tmp")


def the_disk_under_the_updates_overlay_fills_up() -> None:
    the_disk_fills_up("--update", "out")


TESTS = {"killed": [it_is_killed_while_its_vm_boots],
         "full": [the_disk_under_the_proofs_overlay_fills_up,
                  the_disk_under_the_updates_overlay_fills_up]}

test_image()
run_all(TESTS[sys.argv[1]])
