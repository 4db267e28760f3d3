#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong with a saved VM: who makes it is killed, it is spoilt, what it depends on
is another by now, QEMU does not take it, somebody interrupts. All of it with one boot, by
EFI, of an overlay of the image."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Server, run_all, temporary_directory, test_image, wait_for  # noqa: E402
from warm import WarmDir, begin_open, machines, warm_directory  # noqa: E402

# Waits, with what it restores, until somebody opens "hold"; with "less", it has a network
# card that can less than the saved one, so that QEMU cannot take the saved state.
WRAPPER = """#!/bin/sh
case "$*" in
*" -incoming "*)
    [ ! -e {here}/hold ] || read -r _ <{here}/hold
    [ ! -e {here}/less ] || set -- "$@" -global virtio-net-pci.ctrl_vq=off
esac
exec qemu-system-x86_64 "$@"
"""

cache: WarmDir
here: pathlib.Path
first_tmp: pathlib.Path


def new_server(*options: str, **rest) -> Server:
    """What libvirt learns of the wrapper is forgotten with it."""
    return cache.server(*options, image=str(here / "image.qcow2"),
                        env={"XDG_CACHE_HOME": str(here / "cache")}, **rest)


def command_line(pid: int) -> bytes:
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()


@contextlib.contextmanager
def kept_pair() -> Iterator[pathlib.Path]:
    """What is done to it, it is there again afterwards, by the same name."""
    pair = cache.saved()[0]
    subprocess.run(["cp", "-a", "--sparse=always", pair, here / "kept"], check=True)
    try:
        yield pair
    finally:
        subprocess.run(["rm", "-rf", pair], check=True)
        (here / "kept").rename(pair)


# --- it is made

def a_maker_is_killed() -> None:
    """And its QEMU is not, which nobody ends before the next server does. One that has not
    got all its sockets yet would end by itself; the firmware's first words come later."""
    with new_server("--show-boot", tmp=str(first_tmp), accept_leftovers=True) as server:
        qemu = begin_open(server)
        wait_for(lambda: "BdsDxe" in server.stderr(), 60, "the firmware")
        assert len(cache.drafts()) == 1 and not cache.saved()
        server.process.kill()
        server.wait()
        assert machines(server) == [qemu]


def the_next_makes_it() -> None:
    """And nothing of the first is there any more."""
    with new_server(tmp=str(first_tmp)) as server:
        server.open()
        assert len(list(cache.path.iterdir())) == len(cache.saved()) == 1, os.listdir(cache.path)
        assert len(machines(server)) == 1
        assert server.sh("test -d /sys/firmware/efi; echo $((6 * 7))") == "42\n"
        server.take_open("revert")
        assert server.quit() == 0, server.stderr()


# --- it is no good

def flip_a_bit(path: pathlib.Path) -> None:
    """Of what is there of it: one of a hole would do, too."""
    with path.open("r+b") as file:
        at = os.lseek(file.fileno(), path.stat().st_size // 2, os.SEEK_DATA)
        byte = os.pread(file.fileno(), 1, at)[0]
        os.pwrite(file.fileno(), bytes([byte ^ 0x10]), at)


def cut(path: pathlib.Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def expect_another(words: str) -> None:
    """The pair is dropped with such words, and another one is begun."""
    old = cache.saved()[0]
    with new_server() as server:
        qemu = begin_open(server)
        assert f"mem-path={cache.drafts()[0]}/memory,share=on".encode() in command_line(qemu)
        assert words in server.stderr(), server.stderr()
        assert server.stderr().count("saved VM") == (1 if words else 0), server.stderr()
        assert not old.exists()
        server.process.terminate()
        assert server.wait(20) == -signal.SIGTERM, server.stderr()
    assert not list(cache.path.iterdir()), os.listdir(cache.path)


def a_spoilt_one_is_made_anew() -> None:
    spoil: list[tuple[str, Callable, str]] = [
        ("memory", flip_a_bit, 'is dropped: its file "memory" is not what was written'),
        ("disk.qcow2", flip_a_bit, 'is dropped: its file "disk.qcow2" is not what was written'),
        ("state", flip_a_bit, 'is dropped: its file "state" is not what was written'),
        ("memory", cut, 'is dropped: its file "memory" is not as long as it was'),
        ("manifest.json", cut, "is dropped: "),
    ]
    for name, how, words in spoil:
        with kept_pair() as pair:
            how(pair / name)
            expect_another(words)


def what_it_depends_on_is_another_by_now() -> None:
    """As after an upgrade, or when somebody has written to the image. Its time is set back."""
    for name in ("qemu-system-x86_64", "image.qcow2"):
        status = (here / name).stat()
        with kept_pair():
            (here / name).touch()
            os.utime(here / name, ns=(status.st_atime_ns, status.st_mtime_ns))
            expect_another("")


# --- it is restored

@contextlib.contextmanager
def held(server: Server) -> Iterator[int]:
    """QEMU waits, just begun, while it is to restore; what it waits for comes afterwards."""
    hold = here / "hold"
    os.mkfifo(hold)
    try:
        yield begin_open(server)
    finally:
        if machines(server):
            hold.write_text("go on\n")
        hold.unlink()


def a_killed_server_takes_its_guest_along() -> None:
    """As one that has booted: the agent, which nobody answers any more, powers it off."""
    with new_server(accept_leftovers=True) as server:
        server.open()
        assert machines(server)
        server.process.kill()
        server.wait()
        wait_for(lambda: not machines(server), 90, "the guest to power itself off")


def a_server_is_killed_while_it_restores() -> None:
    """Its QEMU waits for a state for ever: the next server with this TMPDIR ends it. One that
    has not got all its sockets yet would end by itself, which it has before its memory."""
    memory = os.fsencode(cache.saved()[0] / "memory")
    with new_server(tmp=str(first_tmp), accept_leftovers=True) as server:
        with held(server) as qemu:
            server.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: memory in pathlib.Path(f"/proc/{qemu}/maps").read_bytes(), 20,
                 "QEMU to have its memory")
        server.process.kill()
        server.wait()
        assert machines(server) == [qemu]
    with new_server(tmp=str(first_tmp)) as server:
        server.greet()
        assert "ending its QEMU" in server.stderr(), server.stderr()
        wait_for(lambda: not machines(server), 10, "the old QEMU to end")
        assert server.quit() == 0, server.stderr()
    assert len(cache.saved()) == 1


def a_signal_while_it_restores() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        with new_server() as server:
            with held(server):
                server.process.send_signal(number)
            assert server.wait(20) == -number, server.stderr()
        assert len(cache.saved()) == 1


def expect_a_cold_one(server: Server, restored: int, words: str) -> None:
    """It is noted, and a VM boots."""
    wait_for(lambda: words in server.stderr(), 40, "a word on that")
    wait_for(lambda: set(machines(server)) - {restored}, 40, "a VM that boots")
    command = command_line((set(machines(server)) - {restored}).pop())
    assert b"incoming" not in command and b"memory-backend-file" not in command, command
    server.process.terminate()
    assert server.wait(20) == -signal.SIGTERM
    assert server.stderr().count("cannot restore the saved VM") == 1, server.stderr()


def qemu_dies_as_it_starts() -> None:
    """With --warm=on it is an error. It has not come to read what was saved, which so is not to
    blame."""
    with new_server() as server:
        with held(server) as qemu:
            os.kill(qemu, signal.SIGKILL)
            assert server.read_line(20) == ""
        assert server.wait(20) == 16, server.stderr()
        assert "cannot restore the saved VM" in server.stderr(), server.stderr()
    with new_server(warm="auto") as server:
        with held(server) as qemu:
            os.kill(qemu, signal.SIGKILL)
            wait_for(lambda: qemu not in machines(server), 10, "its end")
        expect_a_cold_one(server, qemu, "cannot restore the saved VM")
    assert len(cache.saved()) == 1


def a_state_that_qemu_does_not_take() -> None:
    (here / "less").touch()
    with kept_pair(), new_server(warm="auto") as server:
        expect_a_cold_one(server, begin_open(server), "QEMU does not take the saved VM's state")
        assert not list(cache.path.iterdir()), os.listdir(cache.path)
    (here / "less").unlink()


def what_was_put_back_is_good_still() -> None:
    """So those were refused for what was done to them."""
    with new_server() as server:
        server.open()
        assert server.quit() == 0 and "saved VM" not in server.stderr(), server.stderr()
    assert len(cache.saved()) == 1


def main() -> None:
    global cache, here, first_tmp
    with warm_directory() as here, temporary_directory() as first_tmp:
        wrapper = here / "qemu-system-x86_64"
        wrapper.write_text(WRAPPER.format(here=here))
        wrapper.chmod(0o755)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                        test_image(), here / "image.qcow2"], check=True)
        cache = WarmDir(here / "warm", "--boot=efi", "--cpus=2", "--ram-size=1024",
                        f"--qemu-command={wrapper}")
        run_all([
            a_maker_is_killed, the_next_makes_it, a_spoilt_one_is_made_anew,
            a_server_is_killed_while_it_restores, a_signal_while_it_restores,
            qemu_dies_as_it_starts, a_state_that_qemu_does_not_take,
            what_was_put_back_is_good_still, a_killed_server_takes_its_guest_along,
            what_it_depends_on_is_another_by_now,
        ])


main()
