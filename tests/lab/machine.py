# SPDX-License-Identifier: GPL-2.0-or-later
"""L1, the lab's machine, as the host sees it: a QEMU, and lines that go both
ways through a port. It ends with this process, however that ends."""

import ctypes
import json
import os
import pathlib
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import zoo

QEMU = "qemu-system-x86_64"
BOOT_SECONDS = 240
SILENT_SECONDS = 90  # L1 says "beat" every 2 s; two cores may be busy with other things
PR_SET_PDEATHSIG = 1

KERNEL = ("root=/dev/vda console=ttyS0 loglevel=5 mitigations=off nokaslr random.trust_cpu=on "
          "tsc=reliable no_timer_check panic=-1")


class Hung(Exception):
    """L1 does not say anything any more."""


class Gone(Exception):
    """Its QEMU has ended."""


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def share(tag: str, path: pathlib.Path, read_only: bool) -> list[str]:
    options = f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap"
    return ["-virtfs", options + (",readonly=on" if read_only else "")]


class Machine:
    """One boot of L1; a context manager."""

    def __init__(self, l1: pathlib.Path, shares: dict[str, pathlib.Path], console: pathlib.Path,
                 iommu: bool = True) -> None:
        self.console = console
        self.is_ready = False
        self.buffer = b""
        self.process = subprocess.Popen(
            self.command(l1, shares, iommu), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=die_with_parent, bufsize=0)

    def command(self, l1: pathlib.Path, shares: dict[str, pathlib.Path],
                iommu: bool) -> list[str]:
        words = [
            QEMU, "-nodefaults", "-no-user-config", "-no-reboot", "-machine", "q35",
            "-accel", "tcg,thread=multi,tb-size=1024", "-cpu", "max,la57=off",
            "-smp", "2", "-m", "4096",
            "-device", "intel-iommu,intremap=on,caching-mode=on,aw-bits=48",
            "-kernel", str(l1 / "vmlinux"), "-initrd", str(l1 / "initrd"),
            "-append", f"{KERNEL} intel_iommu={'on' if iommu else 'off'}",
            *zoo.qemu_arguments(),  # first, for they have fixed places
            "-drive", f"file={l1}/root.ext4,format=raw,if=virtio,snapshot=on",
            "-device", "virtio-serial-pci", "-chardev", "stdio,id=lab,signal=off",
            "-device", "virtserialport,chardev=lab,name=lab",
            "-serial", f"file:{self.console}",
        ]
        for tag, path in shares.items():
            words += share(tag, path, read_only=tag != "results")
        return words

    def read_line(self, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = max(deadline - time.monotonic(), 0)
            if not select.select([self.process.stdout], [], [], left)[0]:
                raise Hung(f"it has said nothing for {seconds:.0f} s")
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                raise Gone("its QEMU has ended")
            self.buffer += read
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace")

    def wait_ready(self) -> None:
        """Once its init has all of its devices."""
        deadline = time.monotonic() + BOOT_SECONDS
        while self.read_line(max(deadline - time.monotonic(), 0)) != "lab: ready":
            pass
        self.is_ready = True

    def run(self, file: str, test: str, seconds: float) -> Iterator[str]:
        """What a test prints, line for line; the last is "lab: passed", "lab: failed" or
        "lab: skipped". It bounds itself; seconds is for an L1 that cannot."""
        self.process.stdin.write(json.dumps([file, test]).encode() + b"\n")
        deadline = time.monotonic() + seconds
        while True:
            line = self.read_line(SILENT_SECONDS)
            if time.monotonic() > deadline:
                raise Hung(f"it has not ended the test after {seconds:.0f} s")
            if line == "lab: beat":
                continue
            yield line
            if line in ("lab: passed", "lab: failed", "lab: skipped"):
                return

    def symptoms(self) -> str:
        """What its console says of a hang, else its last lines."""
        if not self.console.exists():
            return "    | nothing"
        lines = self.console.read_text(errors="replace").splitlines()
        stalls = [line for line in lines if "rcu: INFO" in line or "BUG: " in line]
        return "\n".join(f"    | {line}" for line in (stalls or lines)[-8:])

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, kind, value, trace) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
