# SPDX-License-Identifier: GPL-2.0-or-later
"""Warm testbeds for the tests that need a real guest: a directory of saved VMs, what is
in it, and the QEMUs that servers have started."""

import contextlib
import os
import pathlib
import re
import tempfile
import time
from collections.abc import Iterator

from server import Server, processes_knowing, test_image, wait_for

SAVED = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{8}")


class WarmDir:
    """A directory of saved VMs, and how servers use it."""

    def __init__(self, path: pathlib.Path, *options: str) -> None:
        self.path = path
        self.options = options

    def server(self, *options: str, warm: str = "on", **rest) -> Server:
        return Server(*self.options, f"--warm={warm}", f"--warm-dir={self.path}", *options, **rest)

    def saved(self) -> list[pathlib.Path]:
        return [path for path in self.path.iterdir() if SAVED.fullmatch(path.name)]

    def drafts(self) -> list[pathlib.Path]:
        return list(self.path.glob("*.making"))


@contextlib.contextmanager
def warm_directory() -> Iterator[pathlib.Path]:
    """On a disk, as the images: in memory, saved memory would count twice."""
    with tempfile.TemporaryDirectory(prefix="aqr-warm.",
                                     dir=os.path.dirname(test_image())) as name:
        yield pathlib.Path(name)


def machines(server: Server) -> list[int]:
    """Its QEMUs, also those that a wrapper has not started yet; not the one that libvirt
    asks for its capabilities."""
    pids = [int(line.split(":")[0]) for line in processes_knowing(server.tmp)]
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if b"guest=autopkgtest" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def begin_open(server: Server) -> int:
    """Its QEMU, as soon as there is one."""
    server.greet()
    server.write_line("open")
    wait_for(lambda: machines(server) or server.process.poll() is not None, 60, "QEMU")
    found = machines(server)
    assert found, server.stderr()
    return found[0]


def expect_error(server: Server, *words: str, status: int = 16, seconds: float = 20) -> None:
    """To open, with such words."""
    server.greet()
    start = time.monotonic()
    assert server.ask("open", seconds=60 + seconds) == "", server.stderr()
    assert time.monotonic() - start < seconds, time.monotonic() - start
    assert server.wait(20) == status, server.stderr()
    for word in words:
        assert word in server.stderr(), (word, server.stderr())
