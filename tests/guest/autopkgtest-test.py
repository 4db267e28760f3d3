#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The real autopkgtest runs packages' own tests through us: the installed one, or
that of the suite which is named as the argument."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
from autopkgtest import PATIENCE, TESTBED, find_autopkgtest, warm_dir  # noqa: E402
from server import (environment, processes_knowing, run_all, temporary_directory,  # noqa: E402
                    test_image)

# A package of our own, which says itself what it expects of its options.
SAMPLE = TESTS / "guest" / "sample"


# --- what is run

@dataclasses.dataclass
class Run:
    """A row: what is tested how, and what must come of it."""
    package: str
    summary: str
    options: tuple[str, ...] = ()
    status: int = 0
    check: Callable[[pathlib.Path], None] = lambda output: None

    @property
    def __name__(self) -> str:
        return f"{self.package} {' '.join(self.options)}"

    def __call__(self) -> None:
        with temporary_directory() as inputs:
            self.run(*prepare_sample(inputs) if self.package == "sample" else (self.package,))

    def run(self, *package: str) -> None:
        """Nothing of ours may be left when it has ended."""
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="aqr-"))
        (scratch / "t").mkdir()
        output = scratch / "output"
        done = subprocess.run(
            [autopkgtest, *PATIENCE, f"--output-dir={output}", *self.options, *package, *TESTBED,
             test_image()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=1200, check=False,
            env=environment(TMPDIR=str(scratch / "t"), AQR_WARM="on", AQR_WARM_DIR=warm,
                            debci_test_outputdir=str(output)))
        left = [name for name in os.listdir(scratch / "t")
                if not name.startswith("autopkgtest-fifo")]
        knowing = processes_knowing(str(scratch))
        try:
            assert done.returncode == self.status, f"status {done.returncode}: {done.stdout[-9000:]}"
            assert not left and not knowing, (left, knowing)
            summary = " ".join((output / "summary").read_text().split())
            assert summary == self.summary, summary
            check_evidence(output / "testbed")
            self.check(output)
        finally:
            shutil.rmtree(scratch)


def prepare_sample(here: pathlib.Path) -> tuple[str, ...]:
    """Its binary package and its tree as arguments, after what its test expects of
    --copy, --setup-commands and --env."""
    root = here / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "usr" / "bin").mkdir(parents=True)
    shutil.copy(SAMPLE / "hello", root / "usr" / "bin" / "aqr-sample")
    (root / "DEBIAN" / "control").write_text(
        "Package: aqr-sample\nVersion: 1.0\nArchitecture: all\n"
        "Maintainer: Nobody <nobody@example.org>\nDescription: says hello\n")
    package = here / "aqr-sample_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, package], check=True,
                   stdout=subprocess.DEVNULL)
    (here / "copied").mkdir()
    (here / "copied" / "text").write_text("from the host\n")
    return (f"--copy={here}/copied:/srv/copied", "--setup-commands=touch /srv/set-up",
            "--env=SAMPLE=two words", str(package), str(SAMPLE))


def check_evidence(kept: pathlib.Path) -> None:
    """It is where debci looks, which is where autopkgtest wanted an empty directory."""
    timeline = json.loads((kept / "timeline.json").read_text())
    assert timeline[0]["event"] == "open-begin" and timeline[-1]["event"] == "close", timeline
    assert "Linux version" in (kept / "guest-kernel.log").read_text()


def find_artifact(output: pathlib.Path, name: str) -> pathlib.Path:
    """autopkgtest 6 has a directory for each test."""
    (found,) = (output / "artifacts").rglob(name)
    return found


def artifact_before_the_time_out_arrived(output: pathlib.Path) -> None:
    assert find_artifact(output, "before").read_text() == "before the end\n"


def artifacts_arrived(output: pathlib.Path) -> None:
    link = find_artifact(output, "link")
    assert os.readlink(link) == "text" and link.read_text() == "from the guest\n"
    assert (link.parent / "sub" / "zeros").read_bytes() == bytes(1_000_000)
    artifact_before_the_time_out_arrived(output)


def one_test(name: str) -> str:
    return f"--test-name={name}"


# dbus's system-bus needs root, a reboot and a machine of its own; bubblewrap's need
# that machine, and an ordinary user; sudo's needs root.
DBUS = Run("dbus", "system-bus PASS", (one_test("system-bus"),))
BUBBLEWRAP = Run("bubblewrap", "basic PASS", (one_test("basic"),))
SUDO = Run("sudo", "01-getroot PASS", (one_test("01-getroot"),))

# tests/debci runs these releases' autopkgtest, too, and in their releases; here is what needs more
# of a testbed.
RUNS = {
    "installed": [
        Run("sample", "leaves-artifacts PASS sleeps FAIL timed out nobody-sleeps PASS",
            ("--timeout-test=30", "--timeout-copy=600"), status=4, check=artifacts_arrived),
        BUBBLEWRAP, DBUS,
    ],
    "trixie": [
        dataclasses.replace(SUDO, options=(*SUDO.options, "--apt-upgrade")),
        DBUS,
    ],
    "sid": [
        Run("sample", "sleeps FAIL timed out", (one_test("sleeps"), "--timeout-test=20"), status=4,
            check=artifact_before_the_time_out_arrived),
        DBUS,
    ],
}

release = sys.argv[1] if len(sys.argv) > 1 else "installed"
autopkgtest = find_autopkgtest(release)
warm = warm_dir()
print(f"this is {autopkgtest}")
run_all(RUNS[release])
