#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""In the root file system of a release: builds our package and runs the tests, each a function
that takes a Package, in the list TESTS of builds.py and installs.py.

inside.py RELEASE [TEST...]: these only"""

import pathlib
import re
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import builds  # noqa: E402
import installs  # noqa: E402
from package import Package, say  # noqa: E402


def gist(log: str) -> str:
    """Of a long one: what follows upon a failure, and the end."""
    lines = log.splitlines()
    if len(lines) < 100:
        return log
    kept = set(range(len(lines) - 30, len(lines)))
    for number, line in enumerate(lines):
        if re.search(r" (FAIL|TIMEOUT) |(error|warning): |FAILED: ", line):
            kept |= set(range(number, number + 12))
    return "\n".join(line for number, line in enumerate(lines) if number in kept)


def reason_of(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"{' '.join(map(str, error.cmd))}: status {error.returncode}\n{gist(error.stdout)}"
    return traceback.format_exc()


def run(test, package: Package) -> bool:
    begin = time.monotonic()
    try:
        test(package)
    except Exception as error:  # pylint: disable=broad-except
        say(f"FAIL  {package.release} {test.__name__}: {reason_of(error)}")
        return False
    say(f"ok    {package.release} {test.__name__} ({time.monotonic() - begin:.1f} s)")
    return True


def main() -> int:
    release, *names = sys.argv[1:]
    package = Package(release)
    if not run(builds.it_builds_and_its_tests_pass, package):
        return 1
    tests = [test for test in builds.TESTS + installs.TESTS if not names or test.__name__ in names]
    return 0 if all([run(test, package) for test in tests]) else 1


sys.exit(main())
