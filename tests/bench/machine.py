# SPDX-License-Identifier: GPL-2.0-or-later

"""What a reader must know of the machine to judge the figures, and no names."""

import datetime
import os
import platform
import re
import statistics
import subprocess
import time
from pathlib import Path
from typing import Callable, Sequence

UNKNOWN = "unknown"

REAP_TIMEOUT = 5.0


def first_line(argv: Sequence[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return UNKNOWN
    return done.stdout.splitlines()[0].strip() if done.stdout.strip() else UNKNOWN


def package_version(package: str) -> str:
    return first_line(["dpkg-query", "-W", "-f", "${Version}", package])


def find_in(path: str, pattern: str) -> str:
    found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    return found.group(1) if found else UNKNOWN


def ram() -> str:
    kib = find_in("/proc/meminfo", r"^MemTotal:\s*(\d+) kB")
    return UNKNOWN if kib == UNKNOWN else f"{int(kib) / 1024 / 1024:.1f} GiB"


def revision(root: Path) -> str:
    """The commit that is checked out, with a plus for changes beyond it."""
    commit = first_line(["git", "-C", str(root), "rev-parse", "--short", "HEAD"])
    changes = first_line(["git", "-C", str(root), "status", "--porcelain"])
    return commit + ("" if changes == UNKNOWN else "+")


def harness_seconds() -> float:
    """What one `true` on the host takes, started as those in the testbed are."""
    times = []
    for _ in range(50):
        start = time.monotonic()
        subprocess.run(["true"], stdin=subprocess.DEVNULL, capture_output=True, check=True)
        times.append(time.monotonic() - start)
    return statistics.median(times)


def make_orphan() -> int:
    """The process id of a dead child of a dead child."""
    done = subprocess.run(["sh", "-c", "sleep 0.1 >&- & echo $!"], capture_output=True, check=True)
    return int(done.stdout)


def is_gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def is_zombie_or_gone(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def wait_until(predicate: Callable[[int], bool], pid: int) -> bool:
    end = time.monotonic() + REAP_TIMEOUT
    while not (holds := predicate(pid)) and time.monotonic() < end:
        time.sleep(0.002)
    return holds


def reaping() -> str:
    """libvirt takes a VM for stopped when QEMU's zombie is gone; that is for
    process 1 to do, and not every container's is quick at it, or does it at all."""
    pid = make_orphan()
    wait_until(is_zombie_or_gone, pid)
    start = time.monotonic()
    if not wait_until(is_gone, pid):
        return f"never, or not within {REAP_TIMEOUT:g} s"
    return f"after {(time.monotonic() - start) * 1000:.0f} ms"


def load() -> float:
    return os.getloadavg()[0]


def describe(server: Path, root: Path) -> dict[str, str]:
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": find_in("/proc/cpuinfo", r"^model name\s*: (.*)$"),
        "cores": str(len(os.sched_getaffinity(0))),
        "ram": ram(),
        "kernel": platform.release(),
        "accelerator": "TCG",
        "qemu": first_line(["qemu-system-x86_64", "--version"]),
        "libvirt": package_version("libvirt0"),
        "autopkgtest": package_version("autopkgtest"),
        "ours": f"{first_line([str(server), '--version'])} ({revision(root)})",
        "process 1 reaps an orphan": reaping(),
        "harness": f"{harness_seconds() * 1000:.1f} ms for a `true` on the host",
    }
