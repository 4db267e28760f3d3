#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is kept of a run: in a testbed that is well, in one whose QEMU is killed, in one whose
guest does not answer. That debci gets it is autopkgtest-test's business."""

import json
import os
import pathlib
import signal
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
from server import Server, run_all, temporary_directory, wait_for  # noqa: E402
from warm import WarmDir, machines, warm_directory  # noqa: E402

SMALL = ("--cpus=1", "--ram-size=1024", "--boot=bios")
MOST = 50 << 20
# Nobody has a GPU here that hangs. The guest's kernel says so all the same.
HANG = "amdgpu 0000:00:04.0: amdgpu: GPU reset begin!"


def events(directory: pathlib.Path) -> list[dict]:
    """The timeline, in which each event has its time, none before the one above."""
    timeline = json.loads((directory / "timeline.json").read_text())
    times = [event["time"] for event in timeline]
    assert times == sorted(times), times
    assert all(event["seconds"] >= 0 for event in timeline), timeline
    return timeline


def names(timeline: list[dict], *left_out: str) -> list[str]:
    return [event["event"] for event in timeline if event["event"] not in ("note", *left_out)]


def check_size(directory: pathlib.Path) -> None:
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    assert 0 < size < MOST, size


def files(directory: pathlib.Path) -> list[str]:
    """Without the host's kernel's messages: whether there are any is not up to us."""
    return sorted(path.name for path in directory.iterdir() if path.name != "host-kernel.log")


def a_run_is_told() -> None:
    """By its option, in a directory that is not there yet."""
    with temporary_directory() as here:
        artifacts = here / "not" / "there"
        kept = artifacts / "testbed"
        with Server(*SMALL, f"--artifacts={artifacts}") as server:
            server.greet()
            assert not artifacts.exists()
            server.take_open("open")
            server.sh(f"echo '<3>{HANG}' >/dev/kmsg; echo '<3>first life' >/dev/kmsg")
            assert server.ask("reboot") == "ok"
            server.sh("echo '<3>after the reboot' >/dev/kmsg")
            server.take_open("revert")
            server.sh("echo '<3>second life' >/dev/kmsg; echo hello >/dev/ttyS0")
            assert server.ask("close") == "ok"
            assert server.quit() == 0
            stderr = server.stderr()
        assert files(kept) == ["console.log", "guest-kernel.log", "timeline.json"], files(kept)
        timeline = events(kept)
        assert names(timeline) == [
            "open-begin", "vm-start", "agent", "guest-up", "open",
            "reboot-begin", "gpu-trouble", "guest-reset", "agent", "guest-up", "reboot",
            "revert-begin", "vm-end", "vm-start", "agent", "guest-up", "revert",
            "close-begin", "vm-end", "close",
        ], timeline
        assert not any("error" in event for event in timeline), timeline
        first_start = timeline[1]
        assert first_start["start"] == "cold" and first_start["accelerator"] == "tcg"
        assert first_start["qemu"][0].isdigit() and first_start["vm"] == 1, first_start
        trouble = next(event for event in timeline if event["event"] == "gpu-trouble")
        assert trouble["message"].startswith("the GPU hung") and HANG in trouble["message"]
        assert stderr.count(trouble["message"]) == 1, stderr
        log = (kept / "guest-kernel.log").read_text()
        first, second = log.split("=== VM 2, ")
        assert "first life" in first and first.count(HANG) == 1
        assert "after the reboot" in first and first.count("Linux version") == 2
        assert "second life" in second and "first life" not in second
        console = (kept / "console.log").read_text(errors="replace")
        assert console.startswith("=== VM 1, ") and "=== VM 2, " in console
        assert "hello" in console.split("=== VM 2, ")[1]
        check_size(kept)


def runs_share_a_directory() -> None:
    """By the environment; debci's is the second choice, and an empty one is none."""
    with temporary_directory() as here:
        (here / "testbed").mkdir()
        with Server(*SMALL, "--artifacts=", env={"AQR_ARTIFACTS": str(here)}) as server:
            server.greet()
            assert server.quit() == 0
        assert os.listdir(here) == ["testbed"]
        with Server(*SMALL, env={"AQR_ARTIFACTS": "", "debci_test_outputdir": str(here)}) as server:
            server.greet()
            server.write_line("open")
            wait_for(lambda: (here / "testbed.2" / "timeline.json").exists(), 60, "a timeline")
            server.process.terminate()
            assert server.wait(20) == -signal.SIGTERM
        timeline = events(here / "testbed.2")
        assert timeline[0]["event"] == "open-begin" and "error" in timeline[-2] | timeline[-1]
        assert not os.listdir(here / "testbed")


def a_killed_qemu_is_told() -> None:
    """With one that was restored: its console says nothing of a boot."""
    with temporary_directory() as here, warm_directory() as saved:
        with WarmDir(saved, *SMALL).server(f"--artifacts={here}") as server:
            server.open()
            server.sh("echo last words >/dev/ttyS0")
            (pid,) = machines(server)
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: "last words" in server.stderr(), 20, "the VM's end")
            assert server.ask("close") == "ok"
            assert server.quit() == 0
        timeline = events(here / "testbed")
        told = names(timeline)
        assert told[:8] == ["open-begin", "vm-start", "agent", "guest-up", "vm-save", "vm-start",
                            "open", "close-begin"] and told[-1] == "close", timeline
        assert [event["start"] for event in timeline if event["event"] == "vm-start"] == [
            "to be saved", "restored"]
        last_note = [event for event in timeline if event["event"] == "note"][-1]
        assert "last words" in last_note["message"] and last_note["vm"] == 2, timeline
        assert "last words" in (here / "testbed" / "console.log").read_text(errors="replace")
        assert "guest-kernel.log" not in files(here / "testbed")


def a_guest_that_does_not_answer_is_given_up() -> None:
    with temporary_directory() as here, Server(*SMALL, f"--artifacts={here}") as server:
        server.open()
        (pid,) = machines(server)
        os.kill(pid, signal.SIGSTOP)
        try:
            server.write_line("close")
            wait_for(lambda: "guest-log" in names(events(here / "testbed")), 8, "its end")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert server.read_line(60) == "ok"
        assert "gave up" in next(event for event in events(here / "testbed")
                                 if event["event"] == "guest-log")["error"]


def a_killed_server_leaves_a_timeline() -> None:
    with temporary_directory() as here:
        with Server(*SMALL, f"--artifacts={here}", accept_leftovers=True) as server:
            server.greet()
            server.write_line("open")
            console = here / "testbed" / "console.log"
            wait_for(lambda: console.exists() and console.stat().st_size > 100, 60, "a console")
            server.process.kill()
            server.wait()
            assert names(events(here / "testbed")) == ["open-begin", "vm-start"]
            # There is no agent in it yet that would power it off.
            for pid in machines(server):
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not machines(server), 20, "QEMU's end")


def it_costs_little() -> None:
    """A revert with evidence, of a restored testbed, beside one without."""
    with temporary_directory() as here, warm_directory() as saved:
        took = {}
        for kind, options in (("with", [f"--artifacts={here}"]), ("without", [])):
            with WarmDir(saved, *SMALL).server(*options) as server:
                server.open()
                times = []
                for _ in range(3):
                    start = time.monotonic()
                    server.take_open("revert")
                    times.append(time.monotonic() - start)
                took[kind] = min(times)
                assert server.quit() == 0
        print(f"      a revert: {took['with']:.2f} s, without evidence {took['without']:.2f} s")
        assert took["with"] < took["without"] + 1, took


run_all([
    a_run_is_told, runs_share_a_directory, a_killed_qemu_is_told,
    a_guest_that_does_not_answer_is_given_up, a_killed_server_leaves_a_timeline,
    it_costs_little,
])
