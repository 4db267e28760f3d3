#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Testbeds that are restored from one saved VM: that they are as one that has booted, know
nothing of each other, and leave nothing, however often. All of it with one boot, and one
reboot."""

import contextlib
import hashlib
import os
import pathlib
import re
import signal
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Server, processes_knowing, run_all, wait_for  # noqa: E402
from warm import WarmDir, machines, warm_directory  # noqa: E402

REVERTS = 20
GROWTH_KIB = 4096  # of the server's own memory, in three quarters of them

MACHINE_FACTS = """
hostname; cat /etc/hostname /etc/machine-id /sys/class/net/e*/address
ip -4 -o address show | awk '{ print $2, $4 }'
ip route show default; cat /etc/resolv.conf; date +%Z
"""

cache: WarmDir
here: pathlib.Path
main_server: Server


def new_server(*options: str, **rest) -> Server:
    """Each shows a directory of its own to its guest: it is no part of what is saved."""
    shared = here / f"shared{len(list(here.glob('shared*')))}"
    shared.mkdir()
    (shared / "file").write_text(f"{shared.name}\n")
    server = cache.server("--baseimage", f"--shared-dir=src={shared},dst=/mnt/shared,rw",
                          *options, **rest)
    server.shared = shared
    return server


def check_furnished(server: Server) -> None:
    assert server.sh("cat /mnt/shared/file").strip() == server.shared.name
    assert server.sh("cat /sys/block/$(basename $(readlink -f /dev/baseimage))/serial; "
                     "/usr/sbin/blkid -p -o value -s PTUUID /dev/baseimage >/dev/null"
                     ).strip() == "BASEIMAGE"


def boot_id(server: Server) -> str:
    return server.sh("cat /proc/sys/kernel/random/boot_id")


def randomness(server: Server) -> list[str]:
    return server.sh("head -c 16 /dev/urandom | od -An -tx1 | tr -d ' '; mktemp -u; "
                     "cat /proc/sys/kernel/random/uuid").split()


def check_clock(server: Server) -> None:
    before = time.time()
    guest = float(server.sh("date +%s.%N"))
    assert before - 1 < guest < time.time() + 1, (before, guest, time.time())


def check_network(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        port = listener.getsockname()[1]
        command = server.popen("bash", "-c", f"exec 3<>/dev/tcp/10.0.2.2/{port}; cat <&3")
        listener.accept()[0].sendall(b"from the host\n")
        assert command.communicate(timeout=30) == (b"from the host\n", b"")


def leave_traces(server: Server) -> None:
    server.sh("touch /root/trace /tmp/trace /var/tmp/trace; useradd trace; "
              "setsid sleep 4711 >/dev/null 2>&1 &")
    assert find_traces(server).split() == ["/root/trace", "/tmp/trace", "/var/tmp/trace",
                                           "trace", "sleep"]


def find_traces(server: Server) -> str:
    return server.sh("ls -d /root/trace /tmp/trace /var/tmp/trace 2>/dev/null || true; "
                     "getent passwd trace | cut -d : -f 1; "
                     "pgrep -f '^sleep 4711' >/dev/null && echo sleep || true")


def print_of_pair() -> list[tuple]:
    rows = []
    for path in sorted(cache.saved()[0].iterdir()):
        with path.open("rb") as file:
            rows.append((str(path), hashlib.file_digest(file, "sha256").hexdigest()))
    return rows


# --- the pair is made

def two_at_once_make_one_pair() -> None:
    """Of two that were restored at the same time each has random numbers of its own, and
    the time."""
    with new_server() as one, new_server() as two:
        for server in (one, two):
            server.greet()
        for server in (one, two):
            server.write_line("open")
        waits = "waiting for another testbed, which is saving the same VM"
        wait_for(lambda: waits in one.stderr() + two.stderr(), 60, "one of them to wait")
        assert (waits in one.stderr()) != (waits in two.stderr())
        for server in (one, two):
            assert server.read_line().startswith("ok "), server.stderr()
            server.learn_execute_command()
        assert len(list(cache.path.iterdir())) == len(cache.saved()) == 1, os.listdir(cache.path)
        assert boot_id(one) == boot_id(two)
        assert not set(randomness(one)) & set(randomness(two))
        assert {len(machines(server)) for server in (one, two)} == {1}
        for server in (one, two):
            check_clock(server)
            check_furnished(server)
        leave_traces(one)
        assert find_traces(two) == ""
        assert two.quit() == 0, two.stderr()
        assert one.quit() == 0, one.stderr()


# --- one server, restored over and over

def it_is_like_one_that_has_booted() -> None:
    """The clock's hour is the pair's: it is some seconds old."""
    made = (cache.saved()[0] / "manifest.json").stat().st_mtime
    wait_for(lambda: time.time() - made > 5, 10, "the pair to be some seconds old")
    scratch = main_server.take_open("revert")
    check_clock(main_server)
    check_furnished(main_server)
    check_network(main_server)
    assert find_traces(main_server) == ""
    assert "suggested-normal-user=user" in main_server.ask("capabilities").split()
    assert main_server.sh(f"stat -c %a {scratch}; ls -A {scratch}").split() == ["777"]
    state = main_server.run("systemctl", "is-system-running").stdout
    assert state == b"running\n", (state, main_server.run("systemctl", "status", "--failed"))
    (here / "down").write_bytes(os.urandom(1_000_000))
    assert main_server.ask("copydown", f"{here}/down", f"{scratch}/file") == "ok"
    assert main_server.ask("copyup", f"{scratch}/file", f"{here}/up") == "ok"
    assert (here / "up").read_bytes() == (here / "down").read_bytes()


def it_is_reverted() -> None:
    leave_traces(main_server)
    before = randomness(main_server)
    main_server.take_open("revert")
    assert find_traces(main_server) == ""
    assert not set(randomness(main_server)) & set(before)


def it_is_reverted_while_a_command_floods() -> None:
    floods = [main_server.begin("cat", "/dev/zero") for _ in range(2)]
    assert len(floods[0].stdout.read(1 << 20)) > 0  # the other is not read at all
    main_server.take_open("revert")
    for flood in floods:
        assert b"the testbed has gone" in flood.communicate(timeout=20)[1]
        assert flood.returncode == 255
    assert main_server.sh("echo again") == "again\n"


def own_memory(server: Server) -> int:
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1])


def inventory(server: Server) -> tuple:
    """Open files by what they are, processes, files; those with a domain's number are
    other ones each time."""
    fds = pathlib.Path(f"/proc/{server.process.pid}/fd")
    targets = []
    for entry in fds.iterdir():
        with contextlib.suppress(OSError):
            targets.append(re.sub(r"\d+", "N", os.readlink(entry)))
    return (sorted(targets), len(processes_knowing(server.tmp)),
            len(list(pathlib.Path(server.tmp).rglob("*"))),
            sorted(str(path) for path in cache.path.rglob("*")))


def many_reverts_leak_nothing() -> None:
    memory = []
    main_server.take_open("revert")
    before = inventory(main_server)
    for _ in range(REVERTS):
        main_server.take_open("revert")
        memory.append(own_memory(main_server))
    assert inventory(main_server) == before, (inventory(main_server), before)
    assert memory[-1] - memory[REVERTS // 4] < GROWTH_KIB, memory
    print(f"      {len(before[0])} open files, {memory} KiB", flush=True)


def an_agent_that_is_killed_is_replaced() -> None:
    killer = main_server.run("systemctl", "kill", "--signal=KILL", "rocm-testbed-agent-*")
    assert killer.returncode == 255 and b"the testbed has gone" in killer.stderr, killer
    wait_for(lambda: main_server.run("true").returncode == 0, 90, "another agent")
    assert "the agent in the guest has gone" in main_server.stderr()
    check_clock(main_server)


def it_reboots() -> None:
    """And is the machine that it was, as one that has booted tells."""
    main_server.take_open("revert")
    facts, before = main_server.sh(MACHINE_FACTS), boot_id(main_server)
    assert "10.0.2.15/24" in facts and "default via 10.0.2.2" in facts, facts
    assert main_server.ask("reboot") == "ok", main_server.stderr()
    assert boot_id(main_server) != before
    assert main_server.sh(MACHINE_FACTS) == facts, (main_server.sh(MACHINE_FACTS), facts)
    check_furnished(main_server)
    check_network(main_server)
    main_server.take_open("revert")
    assert boot_id(main_server) == before


def qemu_dies() -> None:
    """A restored one. Reverting helps."""
    command = main_server.begin("sleep", "1000")
    os.kill(machines(main_server)[0], signal.SIGKILL)
    assert command.wait(10) == 255
    assert b"the testbed has gone" in command.communicate()[1]
    main_server.take_open("revert")
    assert main_server.sh("echo again") == "again\n"
    assert len(cache.saved()) == 1


def with_one_server() -> None:
    """Restored from what was saved by another."""
    global main_server
    before = print_of_pair()
    with new_server() as main_server:
        start = time.monotonic()
        main_server.open()
        print(f"      opened in {time.monotonic() - start:.1f} s", flush=True)
        for step in (it_is_like_one_that_has_booted, it_is_reverted,
                     it_is_reverted_while_a_command_floods, many_reverts_leak_nothing,
                     an_agent_that_is_killed_is_replaced, qemu_dies, it_reboots):
            start = time.monotonic()
            step()
            print(f"      {step.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        assert main_server.quit() == 0, main_server.stderr()
    assert print_of_pair() == before


def main() -> None:
    global cache, here
    with warm_directory() as here:
        cache = WarmDir(here / "warm", "--boot=bios", "--cpus=2", "--ram-size=1024")
        run_all([two_at_once_make_one_pair, with_one_server])


main()
