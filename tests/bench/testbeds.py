# SPDX-License-Identifier: GPL-2.0-or-later

"""The steps that are about testbeds more than about commands in one: warm ones, a whole
run of autopkgtest, several at once. Each starts servers of its own.
"""

import concurrent.futures
import contextlib
import os
import re
import subprocess
import time
from pathlib import Path
from typing import IO, Iterator

from contenders import BOOT_SECONDS, Contender, find_processes
from protocol import Failure, Server

WARM_ROUNDS = 5
TESTBEDS = 4

START_TIMEOUT = 30.0
BOOT_TIMEOUT = 2 * BOOT_SECONDS + 100.0  # several share the processors
CLOSE_TIMEOUT = 60.0
PACKAGE_TIMEOUT = 1800.0

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "five"
FETCH = HERE.parent / "support" / "fetch-autopkgtest"
RELEASE = "sid"
# The package is not built. Of an emulated processor autopkgtest itself expects too much.
OPTIONS = ("--no-built-binaries", "--timeout-factor=5")

Samples = dict[str, list[float]]  # seconds; MiB for memory


@contextlib.contextmanager
def started(contender: Contender, log: IO[bytes]) -> Iterator[Server]:
    """Up to its banner; told to quit at the end."""
    server = Server(contender.argv, contender.env, log)
    try:
        server.wait_banner(START_TIMEOUT)
        yield server
        server.quit(CLOSE_TIMEOUT)
    finally:
        server.end()


def timed_open(server: Server) -> float:
    start = time.monotonic()
    server.open(BOOT_TIMEOUT)
    took = time.monotonic() - start
    server.ask_execute_command()
    server.execute("true", timeout=BOOT_TIMEOUT)
    return took


# --- a warm testbed ---------------------------------------------------------------


def measure_warm(contender: Contender, log: IO[bytes]) -> Samples:
    """The first to open makes what all the others find, each a server of its own, as
    autopkgtest starts one for each package."""
    samples: Samples = {"open-making": [], "open-warm": [], "revert-warm": []}
    with started(contender, log) as server:
        samples["open-making"].append(timed_open(server))
    for _ in range(WARM_ROUNDS):
        with started(contender, log) as server:
            samples["open-warm"].append(timed_open(server))
            start = time.monotonic()
            server.revert(BOOT_TIMEOUT)
            samples["revert-warm"].append(time.monotonic() - start)
            server.ask_execute_command()
            server.execute("true", timeout=BOOT_TIMEOUT)
    return samples


# --- a package ---------------------------------------------------------------------


def find_autopkgtest() -> Path:
    done = subprocess.run([FETCH, RELEASE], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"there is no autopkgtest of {RELEASE}'s")
    return Path(done.stdout.strip())


def measure_package(contender: Contender, log: IO[bytes]) -> Samples:
    """All that who runs autopkgtest waits for. It reverts before each of the tests."""
    autopkgtest = find_autopkgtest()
    argv = list(contender.argv)
    if contender.is_stock:  # that release's own, which is the best there is
        argv[0] = str(autopkgtest.parents[1] / "virt" / Path(argv[0]).name)
    start = time.monotonic()
    done = subprocess.run(
        [autopkgtest, *OPTIONS, PACKAGE, "--", *argv], env=dict(contender.env), check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=PACKAGE_TIMEOUT)
    took = time.monotonic() - start
    log.write(done.stdout)
    passed = len(re.findall(rb"^\S+ +PASS$", done.stdout, re.MULTILINE))
    if done.returncode != 0 or passed < 5:
        raise Failure(f"autopkgtest ended with status {done.returncode}, {passed} tests passed")
    return {"package": [took]}


# --- several at once ----------------------------------------------------------------


def qemu_memory(contender: Contender) -> float:
    """Of all QEMUs: the sum of their proportional set sizes. A page that several of them
    map is in it once, be it of a program or of a file of memory that they restored, and one
    that each has changed for itself as often as there are of them. What of the file is in
    the page cache and in no QEMU is not: the kernel may drop it at any time."""
    total = 0
    for pid, name in find_processes(contender.tmp).items():
        if name.startswith("qemu-system"):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s*(\d+) kB", rollup, re.MULTILINE).group(1))
    if total == 0:
        raise Failure("there is no QEMU")
    return total / 1024


def measure_many(contender: Contender, log: IO[bytes]) -> Samples:
    """They are told to open at the same moment; the time is that of the last one."""
    with contextlib.ExitStack() as stack:
        with contextlib.ExitStack() as others:
            half = TESTBEDS // 2
            servers = [stack.enter_context(started(contender, log)) for _ in range(half)]
            servers += [others.enter_context(started(contender, log)) for _ in range(half)]
            with concurrent.futures.ThreadPoolExecutor(len(servers)) as threads:
                start = time.monotonic()
                list(threads.map(lambda server: server.open(BOOT_TIMEOUT), servers))
                took = time.monotonic() - start
            memory_of_all = qemu_memory(contender)
        memory_of_half = qemu_memory(contender)
    return {"many": [took], "many-memory": [memory_of_all], "half-memory": [memory_of_half]}
