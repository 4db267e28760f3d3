#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The real autopkgtest runs real packages' own tests through us."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import environment, processes_knowing, run_all, test_image  # noqa: E402

# autopkgtest's own time-outs are made for machines with hardware virtualisation.
AUTOPKGTEST = ("autopkgtest", "--timeout-factor=5")
TESTBED = ("--", "qemu-rocm", "--gpu=none", "--boot=bios", "--cpus=2", "--ram-size=1024")


def run_autopkgtest(*words: str) -> str:
    """The summary's lines; nothing of ours may be left."""
    scratch = tempfile.mkdtemp(prefix="aqr-")
    output = os.path.join(scratch, "output")
    temporary = os.path.join(scratch, "t")
    os.mkdir(temporary)
    done = subprocess.run([*AUTOPKGTEST, f"--output-dir={output}", *words, *TESTBED, test_image()],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=900, check=False,
                          env=environment(TMPDIR=temporary))
    left = [name for name in os.listdir(temporary) if not name.startswith("autopkgtest-fifo")]
    knowing = processes_knowing(scratch)
    summary = pathlib.Path(output, "summary")
    text = summary.read_text() if summary.exists() else ""
    shutil.rmtree(scratch)
    assert done.returncode == 0, f"status {done.returncode}: {done.stdout[-4000:]}"
    assert not left and not knowing, (left, knowing)
    return text


def a_plain_package() -> None:
    assert run_autopkgtest("gzip").split() == ["simple-gzip", "PASS"]


def root_a_reboot_and_a_machine_of_its_own() -> None:
    """dbus's system-bus: needs-root, needs-reboot, isolation-machine."""
    assert run_autopkgtest("--test-name=system-bus", "dbus").split() == ["system-bus", "PASS"]


run_all([a_plain_package, root_a_reboot_and_a_machine_of_its_own])
