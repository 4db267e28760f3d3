# SPDX-License-Identifier: GPL-2.0-or-later
"""Processes that go on beside a test, as a unit does beside debci, and what they say."""

import contextlib
import os
import pwd
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

END_SECONDS = 60
TAIL_LINES = 40

# Notified of each line that a service says, and of its end.
news = threading.Condition()


def wait_for(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Asks anew whenever a service has said something."""
    with news:
        if not news.wait_for(holds, seconds):
            raise AssertionError(f"not within {seconds:.0f} s: {what}")


def as_user(user: str, argv: Sequence[str]) -> list[str]:
    """What systemd does for User=."""
    return (["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *argv]
            if user != "root" else list(argv))


def environment(user: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What systemd gives to a service of a user, and nothing of the tests' own."""
    entry = pwd.getpwnam(user)
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": entry.pw_dir, "USER": user,
            "LOGNAME": user, "SHELL": entry.pw_shell} | dict(extra or {})


class Service:
    """Its standard output and error, line by line, in lines."""

    def __init__(self, name: str, argv: Sequence[str], user: str,
                 env: Mapping[str, str] | None = None, cwd: str = "/") -> None:
        self.name = name
        self.lines: list[str] = []
        # A session of its own, so that all of it can be ended.
        self.process = subprocess.Popen(
            as_user(user, argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", cwd=cwd,
            env=environment(user, env), start_new_session=True)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self) -> None:
        for line in self.process.stdout:
            with news:
                self.lines.append(line.rstrip("\n"))
                news.notify_all()
        self.process.wait()
        with news:
            news.notify_all()

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def has_said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def wait_for_line(self, text: str, seconds: float) -> None:
        wait_for(lambda: self.has_said(text) or self.has_ended(), seconds,
                 f"{self.name} says \"{text}\"")
        assert self.has_said(text), f"it did not say \"{text}\":\n{self.tail()}"

    def end(self) -> int:
        """As systemd ends a unit: SIGTERM to all of its processes."""
        if not self.has_ended():
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            return self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"{self.name} goes on {END_SECONDS} s after SIGTERM") from None

    def tail(self) -> str:
        lines = "\n".join(f"    {line}" for line in self.lines[-TAIL_LINES:])
        state = f"ended with {self.process.returncode}" if self.has_ended() else "is running"
        return f"--- {self.name} ({state}) said last:\n{lines}"


class SystemLog:
    """Where logger(1) and syslog(3) send to, and what they sent."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        while True:
            message = self.socket.recv(65536).decode(errors="replace")
            with news:
                self.lines.append(message)
                news.notify_all()

    def wait_for_lines(self, text: str, count: int, seconds: float) -> None:
        wait_for(lambda: sum(text in line for line in self.lines) >= count, seconds,
                 f"the system's log has \"{text}\" {count} times; it has {self.lines}")


@contextlib.contextmanager
def running(service: Service) -> Iterator[Service]:
    try:
        yield service
    finally:
        service.end()
