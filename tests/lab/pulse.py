# SPDX-License-Identifier: GPL-2.0-or-later
"""What L2's processor did lately, by KVM's counters: for who reads of a test that failed. An
emulated processor that emulates SVM hangs now and then; a machine that has no exits any
more, or no others than L1's interrupts, has."""

import collections
import pathlib
import threading
import time

COUNTERS = pathlib.Path("/sys/kernel/debug/kvm")
SHOWN = ("exits", "halt_exits", "io_exits", "mmio_exits", "irq_exits", "irq_injections")
SECONDS = 5
KEPT = 36


class Pulse:
    """A context manager; text() tells of the last three minutes."""

    def __init__(self) -> None:
        self.start = time.monotonic()
        self.beats: collections.deque = collections.deque(maxlen=KEPT)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self) -> "Pulse":
        self.thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.ended.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.ended.wait(SECONDS):
            for machine in COUNTERS.glob("*-*"):
                try:
                    counts = [int((machine / name).read_text()) for name in SHOWN]
                except OSError:  # it has just ended
                    continue
                self.beats.append((time.monotonic() - self.start, machine.name, counts))

    def text(self) -> str:
        lines = [f"      L2, by KVM's counters: {', '.join(SHOWN)}"]
        lines += [f"      | {at:6.1f} s  {name:>10}  {' '.join(f'{count:>9}' for count in counts)}"
                  for at, name, counts in list(self.beats)]
        return "\n".join(lines)
