# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal for a program, as somebody sits before: what it shows is waited for, and what is
typed comes after it."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

# Colours, titles, bracketed paste: what is meant for a terminal and not for a reader.
ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[=>()][A-Z0-9]?)")


class Terminal:
    """Use it as a context manager; its program is gone at the end."""

    def __init__(self, argv: Sequence[str], rows: int = 24, columns: int = 80, **options) -> None:
        self.master, self.tty = pty.openpty()
        self.resize(rows, columns)
        self.shown = ""  # all of it, as read
        self.seen = 0    # how much of it has been waited for
        self.process = subprocess.Popen(
            argv, stdin=self.tty, stdout=self.tty, stderr=self.tty, start_new_session=True,
            preexec_fn=self.take_over, **options)
        os.close(self.tty)

    def take_over(self) -> None:
        """In the new process."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP,
                       signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def settings(self) -> list:
        return termios.tcgetattr(self.master)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def read_more(self, seconds: float) -> bool:
        """FALSE at the end of file."""
        assert select.select([self.master], [], [], max(seconds, 0))[0], self.tail()
        try:
            read = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has the other end open
            return False
        self.shown += read.decode(errors="replace")
        return bool(read)

    def wait_for(self, pattern: str, seconds: float = 60) -> re.Match:
        """The next place where the pattern matches what is to be read."""
        deadline = time.monotonic() + seconds
        while True:
            text = ESCAPE.sub("", self.shown).replace("\r", "")
            found = re.compile(pattern, re.MULTILINE).search(text, self.seen)
            if found:
                self.seen = found.end()
                return found
            assert self.read_more(deadline - time.monotonic()), f"{pattern!r}: {self.tail()}"

    def wait(self, seconds: float = 60) -> int:
        """Until it has ended; its exit status."""
        deadline = time.monotonic() + seconds
        while self.read_more(deadline - time.monotonic()):
            pass
        return self.process.wait(max(deadline - time.monotonic(), 1))

    def tail(self) -> str:
        return f"the terminal shows {self.shown[-3000:]!r}, of which {self.seen} have been seen"

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, kind, value, trace) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        self.process.kill()
        self.process.wait()
        os.close(self.master)
