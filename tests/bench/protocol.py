# SPDX-License-Identifier: GPL-2.0-or-later

"""autopkgtest's side of the protocol of README.virtualisation-server.

A Server is one life of a virtualisation server, from its banner to quit. Every
question has a bound; what does not answer in time, or not as autopkgtest would
take it, raises a Failure. Nothing here measures anything.
"""

import os
import select
import signal
import subprocess
import time
from typing import IO, Mapping, Optional, Sequence
from urllib.parse import quote, unquote

END_TIMEOUT = 60.0  # for a server that has been told to go
ECHO_TIMEOUT = 10.0  # for what is only a formality


class Failure(Exception):
    """Something did not do as it should; the testbed may still be used."""


class Lost(Failure):
    """The server is gone, or nobody knows what it is doing."""


def remaining(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def describe_status(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was killed by {signal.Signals(-status).name}"


def end_process(process: "subprocess.Popen[bytes]", patience: float) -> None:
    """Asks a process to end, and sees to it."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Server:
    def __init__(self, argv: Sequence[str], env: Mapping[str, str], log: IO[bytes]) -> None:
        """Starts it; wait_banner() comes next, and end() last in any case."""
        self.process = subprocess.Popen(
            argv,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=env,
            start_new_session=True,  # ^C is for us, and we end it in order
        )
        self.unread = b""
        self.scratch = ""
        self.execute_command: list[str] = []

    # --- lines ---------------------------------------------------------------

    def _lost(self, doing: str) -> Lost:
        try:
            status = self.process.wait(ECHO_TIMEOUT)
        except subprocess.TimeoutExpired:
            return Lost(f"{doing}: the server closed its output and lives on")
        return Lost(f"{doing}: the server {describe_status(status)}")

    def _read_line(self, doing: str, timeout: float) -> str:
        assert self.process.stdout is not None
        fd = self.process.stdout.fileno()
        deadline = time.monotonic() + timeout
        while b"\n" not in self.unread:
            if not select.select([fd], [], [], remaining(deadline))[0]:
                raise Lost(f"{doing}: no answer within {timeout:g} s")
            data = os.read(fd, 65536)
            if not data:
                raise self._lost(doing)
            self.unread += data
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()

    def _write_line(self, line: str) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            raise self._lost(line) from None

    def _expect_ok(self, doing: str, n_results: Optional[int], timeout: float) -> list[str]:
        reply = self._read_line(doing, timeout)
        words = reply.split(" ")
        if words[0] in ("copy-failed", "timeout"):
            raise Failure(f'{doing}: the server answers "{reply}"')
        if words[0] != "ok" or n_results not in (None, len(words) - 1):
            raise Lost(f'{doing}: the server answers "{reply}"')
        return words[1:]

    # --- commands ------------------------------------------------------------

    def wait_banner(self, timeout: float) -> None:
        self._expect_ok("start", 0, timeout)

    def command(self, name: str, *args: str, results: int = 0, timeout: float) -> list[str]:
        self._write_line(" ".join([name, *map(quote, args)]))
        return self._expect_ok(name, results, timeout)

    def _take_testbed(self, command: str, timeout: float) -> None:
        """For open and revert; what is asked after them is not part of them."""
        scratch = unquote(self.command(command, results=1, timeout=timeout)[0])
        if self.scratch not in ("", scratch):
            raise Lost(f'{command}: the scratch directory was "{self.scratch}", is "{scratch}"')
        self.scratch = scratch

    def open(self, timeout: float) -> None:
        self._take_testbed("open", timeout)

    def revert(self, timeout: float) -> None:
        self._take_testbed("revert", timeout)

    def ask_execute_command(self) -> None:
        """To be called after each open() and revert()."""
        word = self.command("print-execute-command", results=1, timeout=ECHO_TIMEOUT)[0]
        self.execute_command = [unquote(part) for part in unquote(word).split(",")]

    def quit(self, timeout: float) -> None:
        """Hangs up as autopkgtest does; an answer is not waited for."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdout.close()
        self._write_line("quit")
        self.process.stdin.close()
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Lost(f"quit: the server is still there after {timeout:g} s") from None
        if status != 0:
            raise Lost(f"quit: the server {describe_status(status)}")

    def end(self) -> None:
        """Whatever state it is in, it is gone afterwards."""
        end_process(self.process, END_TIMEOUT)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    # --- in the testbed ------------------------------------------------------

    def start(self, *argv: str) -> "subprocess.Popen[bytes]":
        """Starts a command in the testbed, with the fds that autopkgtest gives it."""
        return subprocess.Popen(
            [*self.execute_command, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def execute(self, *argv: str, timeout: float) -> bytes:
        """What a command prints; it must succeed, and be quiet on stderr."""
        return finish(self.start(*argv), argv[0], timeout)


def finish(process: "subprocess.Popen[bytes]", name: str, timeout: float) -> bytes:
    """Waits for the end of what start() started."""
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failure(f"execute {name}: not done within {timeout:g} s") from None
    finally:
        end_process(process, ECHO_TIMEOUT)
    if process.returncode != 0:
        raise Failure(f"execute {name}: {describe_status(process.returncode)}: {errors!r}")
    if errors:
        raise Failure(f"execute {name}: on stderr: {errors!r}")
    return output


def wait_output(process: "subprocess.Popen[bytes]", name: str, timeout: float) -> None:
    """Until it prints something, which is not read."""
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], timeout)[0]:
        raise Failure(f"{name}: prints nothing within {timeout:g} s")
    if process.poll() is not None:
        raise Failure(f"{name}: {describe_status(process.returncode)}")
