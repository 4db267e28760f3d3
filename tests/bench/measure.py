# SPDX-License-Identifier: GPL-2.0-or-later

"""The steps: what is measured of one server, in which order, and for how long
at most. A step that fails is named and the next one goes on; after the loss of
the server the others are not run.
"""

import dataclasses
import re
import time
from pathlib import Path
from typing import Callable, IO, Optional

import machine
import samples
import testbeds
from contenders import BOOT_SECONDS, COPY_SECONDS, Contender, sweep
from protocol import Failure, Lost, Server, end_process, finish, wait_output

STARTUPS = 5
TRUES = 100
SPAWNS = 100  # twice
SLEEPERS = 4

START_TIMEOUT = 30.0
BOOT_TIMEOUT = BOOT_SECONDS + 100.0
COPY_TIMEOUT = COPY_SECONDS + 30.0
EXECUTE_TIMEOUT = 100.0  # autopkgtest's own
TRUES_TIMEOUT = 600.0
CLOSE_TIMEOUT = 60.0

# Steps that can be left out, in their order; all that the others need is done.
OPTIONAL_STEPS = (
    "startup",
    "true",
    "spawn",
    "parallel",
    "killed",
    "file",
    "tree",
    "many",
    "revert",
    "reboot",
    "warm",
    "package",
    "many-testbeds",
)

Samples = dict[str, list[float]]  # seconds; MiB for memory


@dataclasses.dataclass
class Settings:
    work: Path  # a directory that has what samples writes
    rounds: int
    skip: set[str]
    spawn_loop: Optional[Path]  # None: it could not be compiled
    say: Callable[[str], None]


@dataclasses.dataclass
class Outcome:
    samples: Samples = dataclasses.field(default_factory=dict)
    failures: dict[str, str] = dataclasses.field(default_factory=dict)
    not_run: list[str] = dataclasses.field(default_factory=list)  # as the server was lost
    load: float = 0.0  # of the host, before


def timed(action: Callable[[], object]) -> float:
    start = time.monotonic()
    action()
    return time.monotonic() - start


# --- steps in an open testbed --------------------------------------------------


def measure_true(server: Server, _settings: Settings) -> Samples:
    times: list[float] = []
    end = time.monotonic() + TRUES_TIMEOUT
    for i in range(TRUES):
        if time.monotonic() > end:
            raise Failure(f"only {i} of {TRUES} were done within {TRUES_TIMEOUT:g} s")
        times.append(timed(lambda: server.execute("true", timeout=EXECUTE_TIMEOUT)))
    return {"true": times}


def measure_spawn(server: Server, settings: Settings) -> Samples:
    if settings.spawn_loop is None:
        raise Failure("spawn-loop.c could not be compiled")
    program = f"{server.scratch}/spawn-loop"
    server.command("copydown", str(settings.spawn_loop), program, timeout=COPY_TIMEOUT)
    output = server.execute(program, str(SPAWNS), timeout=EXECUTE_TIMEOUT)
    return {"spawn": [int(word) / 1e9 for word in output.split()]}


def measure_parallel(server: Server, _settings: Settings) -> Samples:
    start = time.monotonic()
    sleepers = [server.start("sleep", "2") for _ in range(SLEEPERS)]
    try:
        for sleeper in sleepers:
            finish(sleeper, "sleep", EXECUTE_TIMEOUT)
    finally:
        for sleeper in sleepers:
            end_process(sleeper, START_TIMEOUT)
    return {"parallel": [time.monotonic() - start]}


def measure_killed(server: Server, _settings: Settings) -> Samples:
    victim = server.start("sh", "-c", "echo started; exec sleep 37")
    try:
        wait_output(victim, "the command to be killed", EXECUTE_TIMEOUT)
    finally:
        end_process(victim, START_TIMEOUT)
    return {"killed": [timed(lambda: server.execute("true", timeout=EXECUTE_TIMEOUT))]}


def copy(server: Server, command: str, source: str, target: str) -> float:
    return timed(lambda: server.command(command, source, target, timeout=COPY_TIMEOUT))


def measure_copy(server: Server, settings: Settings, name: str) -> Samples:
    """There and back again: what came back must be what was sent."""
    source, back = settings.work / name, settings.work / f"{name}.back"
    slash = "/" if source.is_dir() else ""
    guest = f"{server.scratch}/{name}"
    try:
        down = copy(server, "copydown", f"{source}{slash}", f"{guest}{slash}")
        up = copy(server, "copyup", f"{guest}{slash}", f"{back}{slash}")
        if not samples.are_same(source, back):
            raise Failure("what was copied back is not what was copied down")
        server.execute("rm", "-rf", guest, timeout=EXECUTE_TIMEOUT)
    finally:
        samples.remove(back)
    return {f"{name}-down": [down], f"{name}-up": [up]}


def measure_revert(server: Server, settings: Settings) -> Samples:
    times = []
    for _ in range(settings.rounds):
        times.append(timed(lambda: server.revert(BOOT_TIMEOUT)))
        server.ask_execute_command()
    return {"revert": times}


def measure_reboot(server: Server, _settings: Settings) -> Samples:
    boot_id = read_boot_id(server)
    reboot = timed(lambda: server.command("reboot", timeout=BOOT_TIMEOUT))
    if read_boot_id(server) == boot_id:
        raise Failure("it is still the same boot")
    return {"reboot": [reboot]}


def read_boot_id(server: Server) -> bytes:
    return server.execute("cat", "/proc/sys/kernel/random/boot_id", timeout=EXECUTE_TIMEOUT)


# --- the life of a server ------------------------------------------------------


def measure_memory(server: Server) -> Samples:
    """Of the server's own process, without its children. The libraries that it maps are
    shared with whoever else uses them, and count in its peak nevertheless."""
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    found = dict(re.findall(r"^(VmHWM|RssAnon):\s*(\d+) kB", text, re.MULTILINE))
    if len(found) < 2:
        raise Failure("there is no VmHWM or RssAnon in /proc/PID/status")
    return {"memory": [int(found["VmHWM"]) / 1024], "own-memory": [int(found["RssAnon"]) / 1024]}


def measure_startup(contender: Contender, log: IO[bytes]) -> Samples:
    times = []
    for _ in range(STARTUPS):
        start = time.monotonic()
        server = Server(contender.argv, contender.env, log)
        try:
            server.wait_banner(START_TIMEOUT)
            times.append(time.monotonic() - start)
            server.quit(CLOSE_TIMEOUT)
        finally:
            server.end()
    return {"startup": times}


class Run:
    """One contender's run; the figures are in its outcome."""

    def __init__(self, contender: Contender, settings: Settings) -> None:
        self.contender = contender
        self.settings = settings
        self.outcome = Outcome(load=machine.load())
        self.lost = False

    def fail(self, name: str, why: str) -> None:
        self.outcome.failures[name] = why
        self.settings.say(f"{self.contender.name}: {name}: FAILED: {why}")

    def attempt(self, name: str, action: Callable[[], Samples]) -> None:
        if name in self.settings.skip:
            return
        if self.lost:
            self.outcome.not_run.append(name)
            return
        self.settings.say(f"{self.contender.name}: {name}")
        try:
            for key, values in action().items():
                self.outcome.samples.setdefault(key, []).extend(values)
        except (Failure, OSError) as failure:
            self.fail(name, str(failure))
            self.lost = isinstance(failure, Lost)

    def everything(self) -> None:
        with self.contender.log.open("ab") as log:
            self.attempt("startup", lambda: measure_startup(self.contender, log))
            self.lost = False  # those were other servers than the one to come
            server = Server(self.contender.argv, self.contender.env, log)
            try:
                self.one_life(server)
            finally:
                server.end()
                self.check_swept("clean-up")
            self.more_lives(log)

    def check_swept(self, name: str) -> None:
        if left := sweep(self.contender):
            self.fail(name, f"the server left behind: {', '.join(left)}")

    def more_lives(self, log: IO[bytes]) -> None:
        """Of servers in the plural."""
        best = self.contender.best
        steps: tuple[tuple[str, Callable[[Contender, IO[bytes]], Samples]], ...] = (
            ("warm", testbeds.measure_warm),
            ("package", testbeds.measure_package),
            ("many-testbeds", testbeds.measure_many),
        )
        for name, measure in steps:
            if name in self.settings.skip or (name == "warm" and self.contender.is_stock):
                continue
            self.lost = False  # another step's server was
            self.attempt(name, lambda measure=measure: measure(best, log))
            self.check_swept(f"clean-up after {name}")

    def one_life(self, server: Server) -> None:
        self.attempt("open", lambda: self.first_open(server))
        self.in_testbed(server)
        self.attempt("close", lambda: self.close(server))
        for _ in range(self.settings.rounds - 1):
            self.attempt("open", lambda: self.open(server))
            self.attempt("close", lambda: self.close(server))
        self.attempt("memory", lambda: measure_memory(server))
        self.attempt("quit", lambda: {"quit": [timed(lambda: server.quit(CLOSE_TIMEOUT))]})

    def first_open(self, server: Server) -> Samples:
        server.wait_banner(START_TIMEOUT)
        return self.open(server)

    @staticmethod
    def open(server: Server) -> Samples:
        took = timed(lambda: server.open(BOOT_TIMEOUT))
        server.ask_execute_command()
        return {"open": [took]}

    @staticmethod
    def close(server: Server) -> Samples:
        return {"close": [timed(lambda: server.command("close", timeout=CLOSE_TIMEOUT))]}

    def in_testbed(self, server: Server) -> None:
        # Before and after `true`, which it is compared to: the host's load varies.
        steps: tuple[tuple[str, Callable[[Server, Settings], Samples]], ...] = (
            ("spawn", measure_spawn),
            ("true", measure_true),
            ("spawn", measure_spawn),
            ("parallel", measure_parallel),
            ("killed", measure_killed),
            ("file", lambda *of: measure_copy(*of, "file")),
            ("tree", lambda *of: measure_copy(*of, "tree")),
            ("many", lambda *of: measure_copy(*of, "many")),
            ("revert", measure_revert),
            ("reboot", measure_reboot),
        )
        for name, measure in steps:
            self.attempt(name, lambda measure=measure: measure(server, self.settings))
