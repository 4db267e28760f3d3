#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The built rocm-qemu-create, stopped and killed wherever it may be, on disks that are full, without
a network, with an image that cannot be replaced. After each: the old image is as it was, and there
is no mount, process, loop device or file that was not there before."""

import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from create_stage import MIRROR, SECONDS, STAGES, Stage, child_of, run_all_as_root  # noqa: E402
from server import processes_knowing, temporary_directory, wait_for  # noqa: E402


# Who gets which signal: the program, the one that works for it, and its script.
def send(process: subprocess.Popen, how: str) -> None:
    worker = child_of(process.pid)
    whom = {"": [process.pid], "worker ": [worker], "script ": [child_of(worker)],
            "all ": [process.pid, worker, child_of(worker)]}
    for kind, pids in whom.items():
        if how.startswith("terminal "):
            os.killpg(process.pid, signal.Signals[how.split()[1]])
            return
        if how.startswith("SIG" if kind == "" else kind):
            for pid in pids:
                os.kill(pid, signal.Signals[how.split()[-1]])
            return


ENDS = ("terminal SIGINT", "terminal SIGQUIT", "terminal SIGHUP", "SIGTERM", "SIGHUP", "SIGKILL",
        "worker SIGKILL", "worker SIGTERM", "script SIGKILL")
EVERYWHERE = ("terminal SIGINT", "SIGTERM", "SIGKILL", "worker SIGKILL", "script SIGKILL")


def stopped(stage: Stage, how: str) -> None:
    process = stage.start()
    begun = time.monotonic()
    send(process, how)
    text, _ = process.communicate(timeout=SECONDS)
    wanted = 1 if how.startswith("script") else -signal.Signals[how.split()[-1]]
    assert process.returncode == wanted, (how, process.returncode, text)
    assert wanted in (1, -signal.SIGKILL) or "stopped by signal" in text, (how, text)
    stage.nothing_has_changed()
    assert time.monotonic() - begun < SECONDS


def it_is_stopped_anywhere() -> None:
    for program, word in STAGES:
        for how in ENDS if program == "mmdebstrap" else EVERYWHERE:
            with temporary_directory() as directory:
                try:
                    stopped(Stage(directory, program, word), how)
                except Exception as error:
                    raise AssertionError(f"{program}, {how}: {error}") from error


def what_all_dead_ones_left_goes_with_the_next() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory, "mmdebstrap", "root")
        process = stage.start()
        send(process, "all SIGKILL")
        process.communicate(timeout=SECONDS)
        assert stage.image.read_text() == "old" and stage.leftovers()
        left = processes_knowing(str(directory))
        for pid in left:
            os.kill(int(pid.split(":")[0]), signal.SIGKILL)
        wait_for(lambda: not processes_knowing(str(directory)), SECONDS, "their end")
        assert stage.run().returncode == 0
        stage.image_is_new()


# One killed before its directory had its name; another's may be in the middle of that.
def an_early_death_is_swept_later() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        old, new = (directory / "tmp" / f".rocm-qemu-create.{name}" for name in ("abcdef", "ABCDEF"))
        for path in (old, new):
            path.mkdir()
            (path / "lock").touch()
        os.utime(old, (0, 0))
        assert stage.run().returncode == 0
        assert stage.leftovers() == [str(new)], stage.leftovers()


def nobody_else_gets_in() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory, "mke2fs")
        process = stage.start()
        (work,) = (directory / "tmp").iterdir()
        modes = [path.stat().st_mode & 0o77 for path in (work, work / "disk")]
        process.terminate()
        process.communicate(timeout=SECONDS)
        assert not any(modes), [oct(mode) for mode in modes]
        stage.nothing_has_changed()


def a_full_disk_is_told() -> None:
    for place, hint in (("tmp", "installing trixie"), ("out", "converting to qcow2")):
        with temporary_directory() as directory:
            stage = Stage(directory)
            stage.environment["FILL"] = "20000000"
            script = f"mount -t tmpfs -o size=8M none {directory / place} && "
            if place == "out":
                script += f"echo -n old >{stage.image} && "
            result = subprocess.run(
                ["unshare", "--mount", "sh", "-c", script + '"$@"; rc=$?; '
                 f'ls -A {directory / place} >{directory / "there"}; exit $rc', "sh",
                 *stage.words()], env=stage.environment, capture_output=True, text=True,
                timeout=60, check=False)
            assert result.returncode == 1, result
            assert "there is no room left" in result.stderr, result
            assert f"failed while {hint}" in result.stderr, result
            there = (directory / "there").read_text().split()
            assert there == ([] if place == "tmp" else ["x.img"]), there
            stage.nothing_has_changed()


# A file that something is mounted on cannot be renamed, nor be renamed to.
def what_is_mounted_stays_as_it_is() -> None:
    for name in ("x.img", "x.img.json"):
        with temporary_directory() as directory:
            stage = Stage(directory)
            result = subprocess.run(
                ["unshare", "--mount", "sh", "-ec", 'mount --bind "$0" "$0"; exec "$@"',
                 str(directory / "out" / name), *stage.words()], env=stage.environment,
                capture_output=True, text=True, timeout=60, check=False)
            assert result.returncode == 1 and "resource busy" in result.stderr, result
            stage.nothing_has_changed()


def no_network_is_told() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        (directory / "bin" / "mmdebstrap").unlink()
        words = [word for word in stage.words() if word != MIRROR]
        result = subprocess.run(["unshare", "--net", *words, "--mirror=http://mirror.invalid/"],
                                env=stage.environment, capture_output=True, text=True,
                                timeout=60, check=False)
        assert result.returncode == 1 and "the archive cannot be reached" in result.stderr, result
        stage.nothing_has_changed()


# What an earlier one has said in the same log is no reason of this one's end.
def an_old_log_explains_nothing() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        log = directory / "log"
        log.write_text("No space left on device\n")
        result = stage.run("--size=2049M", f"--log={log}")
        assert result.returncode == 1 and "no room left" not in result.stderr, result
        assert "partitioning the disk" in log.read_text()
        stage.nothing_has_changed()


run_all_as_root([it_is_stopped_anywhere, what_all_dead_ones_left_goes_with_the_next,
                 an_early_death_is_swept_later, nobody_else_gets_in, a_full_disk_is_told,
                 what_is_mounted_stays_as_it_is, no_network_is_told, an_old_log_explains_nothing])
