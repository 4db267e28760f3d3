# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests that have the real autopkgtest run packages' tests through us share."""

import atexit
import os
import pathlib
import shutil
import subprocess
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]

# autopkgtest's own time-outs are made for machines with hardware virtualisation.
PATIENCE = ("--timeout-factor=5",)

# The same in all of them, so that one warm pair serves them.
TESTBED_OPTIONS = ("--gpu=none", "--boot=bios", "--cpus=2", "--ram-size=1024")
TESTBED = ("--", "qemu-rocm", *TESTBED_OPTIONS)


def warm_dir() -> str:
    """Of all these tests at once, where tests/run has made one; else of this process."""
    shared = os.environ.get("AQR_TEST_WARM_DIR")
    if shared is None:
        shared = tempfile.mkdtemp(prefix="aqr-warm.")
        atexit.register(shutil.rmtree, shared)
    return shared


def fetch(program: str, *arguments: str) -> str:
    """What a program of this directory has fetched; a test ends as that does."""
    fetched = subprocess.run([TESTS / "support" / program, *arguments], stdout=subprocess.PIPE,
                             text=True, check=False)
    if fetched.returncode != 0:
        raise SystemExit(fetched.returncode)
    return fetched.stdout.strip()


def find_autopkgtest(release: str) -> str:
    """The installed one, or that of a suite."""
    return "autopkgtest" if release == "installed" else fetch("fetch-autopkgtest", release)
