#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""In the root file system of a release: builds and installs our program, and runs the
tests, each a function that takes a Debci, in the list TESTS of a file *-test.py.

inside.py RELEASE [TEST...] [-TEST...], a file or a function: these, but not those"""

import importlib.util
import os
import pathlib
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(HERE))
import world  # noqa: E402

# In the order in which they run: the first makes the image.
FILES = ["image", "plain", "localtest", "gpu", "variant"]


def say(text: str) -> None:
    print(text, flush=True)


def install_ours() -> None:
    """As a package would, but for time-consuming optimisations."""
    begin = time.monotonic()
    for argv in (["meson", "setup", "--prefix=/usr", "-Dbuildtype=plain", "-Dtests=false",
                  "/var/tmp/build", str(SOURCE)],
                 ["meson", "install", "-C", "/var/tmp/build"]):
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        assert done.returncode == 0, f"{argv}: {done.stdout[-8000:]}"
    say(f"      our program is built and installed ({time.monotonic() - begin:.1f} s)")


def is_wanted(names: set[str], words: list[str]) -> bool:
    """All need the image."""
    if {f"-{name}" for name in names} & {*words}:
        return False
    wanted = {word for word in words if not word.startswith("-")}
    return not wanted or bool(names & {*wanted, FILES[0]})


def find_tests(words: list[str]) -> list:
    found = []
    for name in FILES:
        spec = importlib.util.spec_from_file_location(f"{name}_test", HERE / f"{name}-test.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found += [(name, test) for test in module.TESTS]
    every = {word for pair in found for word in (pair[0], pair[1].__name__)}
    unknown = {word.removeprefix("-") for word in words} - every
    if unknown:
        raise SystemExit(f"inside.py: no test {' '.join(unknown)}; there are {' '.join(every)}")
    return [test for name, test in found if is_wanted({name, test.__name__}, words)]


def run(test, debci: world.Debci) -> bool:
    begin = time.monotonic()
    try:
        test(debci)
    except Exception:  # pylint: disable=broad-except
        say(f"FAIL  {debci.version} {test.__name__}:\n{traceback.format_exc()}{debci.symptoms()}")
        return False
    say(f"ok    {debci.version} {test.__name__} ({time.monotonic() - begin:.1f} s)")
    return True


def left_over() -> list[str]:
    """Processes that nobody has ended; this namespace has only ours."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        # Erlang's name server stays, as it does after a real broker.
        if int(entry.name) not in (1, os.getpid()) and command and "/epmd " not in command:
            found.append(f"{entry.name}: {command[:300]}")
    return found


def main() -> int:
    release, *words = sys.argv[1:]
    tests = find_tests(words)
    begin = time.monotonic()
    with world.debci(release, install_ours) as debci:
        say(f"      debci {debci.version} is up ({time.monotonic() - begin:.1f} s)")
        passed = [run(test, debci) for test in tests]
    left = left_over()
    if left:
        say(f"FAIL  {debci.version} processes are left: {left}")
    return 0 if all(passed) and not left else 1


sys.exit(main())
