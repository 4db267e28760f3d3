# SPDX-License-Identifier: GPL-2.0-or-later
"""Speaks autopkgtest's protocol with the real server, for the tests that need a
real guest. Every server gets a TMPDIR of its own; when it has ended, nothing
may be left there, and no process that knows the directory's name."""

import contextlib
import fcntl
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import traceback
import urllib.parse
from collections.abc import Iterator, Sequence

REPLY_SECONDS = 400  # the slowest thing that is asked for is a boot, under TCG


def environment(**extra: str) -> dict[str, str]:
    """What the built programs need to run where they were built. A testbed is booted: a
    test that wants a warm one says so."""
    return ({"AQR_ACCEL": "tcg"} | os.environ
            | {"LIBVIRT_DEFAULT_URI": "qemu:///embed", "AQR_WARM": "off"} | extra)


def server_program() -> str:
    return os.environ["AQR_SERVER"]


def test_image() -> str:
    """The image of tests/run; without one a test is skipped."""
    image = os.environ.get("AQR_TEST_IMAGE")
    if not image:
        print("AQR_TEST_IMAGE names no image; helpers/create/cached-image makes one")
        raise SystemExit(77)
    return image


def processes_knowing(text: str) -> list[str]:
    """The command lines, with pids, that hold the text."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in command:
                found.append(f"{entry.name}: {command[:200]}")
    return found


class Server:
    """One life of the server. Use it as a context manager: it is closed, and what
    it left is looked for, whatever happens in between."""

    def __init__(self, *options: str, image: str | None = None, accept_leftovers: bool = False,
                 env: dict[str, str] | None = None, through: Sequence[str] = (),
                 tmp: str | None = None) -> None:
        """through: a command that starts the server in its turn; tmp: a TMPDIR that was
        there before and is kept. Without a GPU, unless the options ask for one."""
        # What /dev/tty is for the server. The other end stays open here: while nobody
        # has it open, reading is an error.
        self.terminal, self.tty = pty.openpty()
        self.keep_tmp = tmp is not None
        self.tmp = tmp or tempfile.mkdtemp(prefix="aqr-test.")
        self.stderr_path = pathlib.Path(tempfile.mkstemp(prefix="aqr-stderr.")[1])
        self.accept_leftovers = accept_leftovers
        self.execute: list[str] = []
        if not any(option.startswith("--gpu=") for option in options):
            options = ("--gpu=none", *options)
        argv = [*through, server_program(), *options, image or test_image()]
        with self.stderr_path.open("wb") as stderr:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, bufsize=0,
                start_new_session=True,
                preexec_fn=self.prepare,
                env=environment(TMPDIR=self.tmp, **(env or {})))
        self.buffer = b""

    def prepare(self) -> None:
        """In the new process: a terminal, and no signal that a shell in the background
        would have it ignore."""
        fcntl.ioctl(self.tty, termios.TIOCSCTTY, 0)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)

    # --- the protocol

    def read_line(self, seconds: float = REPLY_SECONDS) -> str:
        """The next line; "" at the end of file."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            ready = select.select([self.process.stdout], [], [], max(left, 0))[0]
            assert ready, f"no answer within {seconds} s; stderr: {self.stderr()}"
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                return ""
            self.buffer += read
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def write_line(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")

    def ask(self, *words: str, seconds: float = REPLY_SECONDS) -> str:
        """Sends a command of words, which are encoded; the answer as it came."""
        self.write_line(" ".join(urllib.parse.quote(word) for word in words))
        return self.read_line(seconds)

    def greet(self) -> "Server":
        line = self.read_line(30)
        assert line == "ok", f"greeting {line!r}; stderr: {self.stderr()}"
        return self

    def open(self) -> str:
        """Opens the testbed; the scratch directory."""
        self.greet()
        return self.take_open("open")

    def take_open(self, command: str) -> str:
        answer = self.ask(command).split()
        assert answer[:1] == ["ok"], f"{command}: {answer}; stderr: {self.stderr()}"
        self.learn_execute_command()
        return answer[1]

    def learn_execute_command(self) -> None:
        words = self.ask("print-execute-command").split()
        self.execute = [urllib.parse.unquote(part)
                        for part in urllib.parse.unquote(words[1]).split(",")]

    def read_terminal(self, until: bytes, seconds: float = 60) -> bytes:
        """What the server's terminal shows, up to some words."""
        shown = b""
        deadline = time.monotonic() + seconds
        while until not in shown:
            ready = select.select([self.terminal], [], [], max(deadline - time.monotonic(), 0))[0]
            assert ready, f"the terminal shows {shown!r}"
            shown += os.read(self.terminal, 4096)
        return shown

    # --- commands in the guest

    def popen(self, *argv: str, **options) -> subprocess.Popen:
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([*self.execute, *argv], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def begin(self, *argv: str, seconds: float = 60) -> subprocess.Popen:
        """One that has begun in the guest, so that what happens next happens to it, and
        not to one that is still on its way."""
        command = self.popen("sh", "-c", 'echo begun; exec "$@"', "sh", *argv, bufsize=0)
        ready = select.select([command.stdout], [], [], seconds)[0]
        assert ready, f"{argv} did not begin within {seconds} s; stderr: {self.stderr()}"
        line = command.stdout.readline()
        assert line == b"begun\n", f"{argv}: {line!r}, {command.communicate()}"
        return command

    def run(self, *argv: str, data: bytes | None = None, seconds: float = 120):
        return subprocess.run([*self.execute, *argv], capture_output=True, timeout=seconds,
                              check=False,
                              **({"stdin": subprocess.DEVNULL} if data is None else {"input": data}))

    def sh(self, script: str, seconds: float = 120) -> str:
        """The stdout of a script that must succeed and be silent on stderr."""
        done = self.run("sh", "-ec", script, seconds=seconds)
        assert done.returncode == 0 and not done.stderr, f"{script!r}: {done}; {self.stderr()}"
        return done.stdout.decode()

    # --- the end

    def stderr(self) -> str:
        return self.stderr_path.read_text(errors="replace")

    def wait(self, seconds: float = 60) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server does not end; stderr: {self.stderr()}") from None

    def quit(self) -> int:
        """As autopkgtest ends it: its own end of stdout is closed first."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdout.close()
        self.write_line("quit")
        self.process.stdin.close()
        return self.wait()

    def leftovers(self) -> list[str]:
        files = [str(path) for path in pathlib.Path(self.tmp).iterdir()]
        return files + processes_knowing(self.tmp)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, kind, value, trace) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
            self.process.kill()
        os.close(self.terminal)
        os.close(self.tty)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        left = [] if self.accept_leftovers else self.leftovers()
        if not self.keep_tmp:
            shutil.rmtree(self.tmp, ignore_errors=True)
        self.stderr_path.unlink()
        assert kind is not None or not left, f"left behind: {left}"


def wait_for(condition, seconds: float, what: str) -> None:
    """For what no event tells this process: asks every 50 ms, until a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)


class Skipped(Exception):
    """This machine cannot show it; the argument says why."""


def where(error: Exception) -> str:
    """The lines of our own that led to it, the innermost last: an assertion may well
    have no words."""
    tests = str(pathlib.Path(__file__).resolve().parents[1])
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)
              if os.path.realpath(frame.filename).startswith(tests) and frame.name != "run_all"]
    return "".join(f"\n      {os.path.relpath(os.path.realpath(frame.filename), tests)}:"
                   f"{frame.lineno}: {frame.name}: {frame.line}" for frame in frames)


def run_all(tests: Sequence) -> None:
    """Runs functions one after the other, names them, ends with the number that failed."""
    failed = 0
    for test in tests:
        start = time.monotonic()
        try:
            test()
            print(f"ok    {test.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        except Skipped as reason:
            print(f"skip  {test.__name__}: {reason}", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL  {test.__name__}: {type(error).__name__}: {error}{where(error)}",
                  flush=True)
    raise SystemExit(1 if failed else 0)


@contextlib.contextmanager
def temporary_directory() -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory(prefix="aqr-data.") as name:
        yield pathlib.Path(name)
