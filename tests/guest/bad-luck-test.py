#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes wrong while a guest runs: it panics, hangs, or is taken apart by a
test; the host's disk is full; somebody interrupts, whatever is going on. Each time
the reason is told at once, commands end, and nothing stays."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from libvirtd import private_libvirtd  # noqa: E402
from server import (Server, Skipped, processes_knowing, run_all, temporary_directory,  # noqa: E402
                    test_image, wait_for)

MACHINE = ("--boot=bios", "--cpus=1", "--ram-size=1024")


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[pathlib.Path]:
    with temporary_directory() as here:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", here],
                       check=True)
        try:
            yield here
        finally:
            subprocess.run(["umount", here], check=True)


def qemu_pids(server: Server) -> list[int]:
    return [int(line.split(":")[0]) for line in processes_knowing(server.tmp)
            if "qemu-system" in line.split(": ")[1].split(" ")[0]]


def booting(server: Server) -> list[int]:
    """Not the QEMU that libvirt asks for its capabilities."""
    return [pid for pid in qemu_pids(server)
            if b"guest=autopkgtest" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]


def stands_still(server: Server) -> bool:
    """Whether a command gets no answer any more."""
    try:
        server.run("true", seconds=5)
    except subprocess.TimeoutExpired:
        return True
    return False


def expect_lost(server: Server, command, seconds: float) -> None:
    """The command, which has begun, ends as one whose testbed has gone; those after it do
    not begin."""
    start = time.monotonic()
    assert command.wait(seconds) == 255, command
    complaint = command.communicate()[1]
    assert b"the testbed has gone" in complaint, complaint
    after = server.run("true")
    assert after.returncode == 255 and b"is not running" in after.stderr, after
    assert time.monotonic() - start < seconds, time.monotonic() - start


def a_kernel_panic_is_told_at_once() -> None:
    """Whatever the kernel itself does then: Debian's hangs. revert helps; the caller goes
    meanwhile."""
    with Server(*MACHINE) as server:
        server.open()
        assert server.sh("cat /proc/sys/kernel/panic").strip() == "0"
        command = server.begin("sleep", "1000")
        server.popen("sh", "-c", "echo c >/proc/sysrq-trigger")
        expect_lost(server, command, 30)
        assert "the guest's kernel panicked" in server.stderr(), server.stderr()
        assert "Kernel panic - not syncing: sysrq" in server.stderr(), server.stderr()
        dead = booting(server)
        server.write_line("revert")
        wait_for(lambda: booting(server) not in ([], dead), 30, "another QEMU")
        server.process.stdin.close()
        expect_end(server, 12)
        assert "end of file: the caller has gone" in server.stderr(), server.stderr()


def a_full_disk_under_the_overlay_is_told_at_once() -> None:
    with small_disk(400) as here, Server(*MACHINE, f"--overlay-dir={here}") as server:
        server.open()
        command = server.begin("sh", "-c", "cat /dev/urandom >/var/tmp/all; sync")
        expect_lost(server, command, 100)
        assert f'the disk under "{here}/aqr-' in server.stderr(), server.stderr()
        assert "--overlay-dir" in server.stderr()
        start = time.monotonic()
        assert server.ask("close") == "ok"
        assert time.monotonic() - start < 10
        assert [path.name for path in here.glob("aqr-*/*")] == [".aqr-lock"], list(here.rglob("*"))
        assert server.quit() == 0, server.stderr()


def a_guest_that_is_taken_apart() -> None:
    """By the tests in it, who are root: what is left goes on as long as it can, and
    ends quickly even when nothing in it moves any more."""
    with Server(*MACHINE) as server:
        scratch = server.open()
        server.sh("for link in $(ls /sys/class/net); do ip link set $link down; done")
        server.sh("fallocate -l $(($(stat -f -c '%a * %S' /var/tmp) - (1 << 20))) /var/tmp/all; "
                  "if cat /dev/zero 2>/dev/null >/var/tmp/rest; then exit 1; fi; rm /var/tmp/rest")
        server.sh("systemctl stop 'getty@*' 'serial-getty@*'; chmod 000 /tmp; cd /tmp; ls")
        with temporary_directory() as here:
            (here / "file").write_text("text")
            assert server.ask("copydown", f"{here}/file", f"{scratch}/file") == "ok"
            server.sh("echo s >/proc/sysrq-trigger; echo u >/proc/sysrq-trigger")
            wait_for(lambda: server.run("touch", "/root/file").returncode == 1, 30, "read-only")
            assert server.ask("copydown", f"{here}/file", f"{scratch}/more") == "copy-failed"
            assert server.ask("copyup", f"{scratch}/file", f"{here}/back") == "ok"
            assert (here / "back").read_text() == "text"
        assert server.run("sh", "-c", "exit 7").returncode == 7
        # A panic of which nobody is told: it just stands still.
        server.sh("rmmod pvpanic_mmio pvpanic 2>/dev/null || test ! -d /sys/module/pvpanic_mmio")
        command = server.popen("sh", "-c", "echo c >/proc/sysrq-trigger")
        wait_for(lambda: stands_still(server), 60, "the panic")
        start = time.monotonic()
        assert server.ask("close") == "ok"
        assert time.monotonic() - start < 10
        assert command.wait(10) == 255
        command.communicate()
        assert server.quit() == 0, server.stderr()


# --- somebody interrupts

def expect_end(server: Server, status: int) -> None:
    """Soon, and with nothing left, which the server's context looks for."""
    start = time.monotonic()
    assert server.wait(20) == status, server.stderr()
    assert time.monotonic() - start < 10, time.monotonic() - start


def a_signal_while_nothing_happens() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        with Server(*MACHINE) as server:
            server.greet()
            server.process.send_signal(number)
            expect_end(server, -number)


def a_signal_while_it_copies_and_works() -> None:
    with Server(*MACHINE) as server, temporary_directory() as here:
        scratch = server.open()
        server.sh(f"truncate -s 10G {scratch}/sparse")
        command = server.begin("sleep", "1000")
        server.write_line(f"copyup {scratch}/sparse {here}/sparse")
        wait_for(lambda: (here / "sparse").exists() and (here / "sparse").stat().st_size > 1 << 20,
                 20, "the copy to begin")
        server.process.send_signal(signal.SIGQUIT)
        expect_end(server, -signal.SIGQUIT)
        assert command.wait(5) == 255
        command.communicate()


def a_signal_while_it_restarts() -> None:
    with Server(*MACHINE) as server:
        server.open()
        server.write_line("reboot")
        wait_for(lambda: server.run("true").returncode == 255, 60, "the guest to go down")
        server.process.send_signal(signal.SIGHUP)
        expect_end(server, -signal.SIGHUP)


def a_signal_while_somebody_types() -> None:
    with Server(*MACHINE) as server:
        server.open()
        before = termios.tcgetattr(server.terminal)
        server.write_line("shell /")
        os.write(server.terminal, b"echo $((6 * 7))\n")
        server.read_terminal(b"42")
        assert termios.tcgetattr(server.terminal) != before
        server.process.send_signal(signal.SIGINT)
        expect_end(server, -signal.SIGINT)
        assert termios.tcgetattr(server.terminal) == before


def what_a_killed_server_left_is_swept_up() -> None:
    """Its QEMU too: there is no agent in the guest yet that would power it off."""
    with temporary_directory() as tmp:
        with Server(*MACHINE, tmp=str(tmp), accept_leftovers=True) as server:
            server.greet()
            server.write_line("open")
            wait_for(lambda: booting(server), 60, "QEMU")
            wait_for(lambda: not list(tmp.rglob("link")), 60, "QEMU to take up the link")
            server.process.kill()
            server.wait()
            assert booting(server) and list(tmp.glob("aqr-*"))
        with Server(*MACHINE, tmp=str(tmp)) as server:
            server.greet()
            assert "which a server that was killed has left, and ending its QEMU" in server.stderr()
            wait_for(lambda: not booting(server), 10, "the old QEMU to end")
            assert len(list(tmp.glob("aqr-*"))) == 1
            assert server.quit() == 0, server.stderr()


# --- the host

def a_daemon_that_dies() -> None:
    with private_libvirtd() as daemon:
        image = daemon.directory / "image.qcow2"
        shutil.copyfile(test_image(), image)
        with Server(f"--connect={daemon.uri}", *MACHINE, image=str(image)) as server:
            os.chmod(server.tmp, 0o755)
            server.open()
            command = server.begin("sleep", "1000")
            daemon.process.kill()
            expect_lost(server, command, 10)
            assert server.ask("copyup", "/etc/passwd", "/dev/null") == ""
            expect_end(server, 12)
            assert "libvirt's daemon has gone" in server.stderr(), server.stderr()
            wait_for(lambda: not qemu_pids(server), 90, "the guest to power itself off")


def an_image_that_does_not_boot() -> None:
    """Its boot sector has a jump to itself: any other code may do any other thing."""
    with temporary_directory() as here:
        sector = b"\xeb\xfe".ljust(510, b"\0") + b"\x55\xaa"
        (here / "image").write_bytes(sector + bytes(1 << 20))
        with Server("--timeout-reboot=5", *MACHINE, image=str(here / "image")) as server:
            server.greet()
            start = time.monotonic()
            assert server.ask("open", seconds=60) == ""
            assert time.monotonic() - start < 20
            assert server.wait(20) == 12
            for words in ("gave up waiting", "--show-boot", "--timeout-reboot"):
                assert words in server.stderr(), server.stderr()
            assert "--accel" not in server.stderr(), server.stderr()


def a_kvm_that_opens_and_does_not_work() -> None:
    """Taken for a good one, as the processor's flags say what they do not here. Where it does not
    hang, QEMU ends at once: it cannot be set up."""
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    if not os.access("/dev/kvm", os.R_OK | os.W_OK) or {"vmx", "svm"} & set(flags.split()):
        raise Skipped("there is no such KVM here")
    with temporary_directory() as here:
        (here / "cpuinfo").write_text(flags.replace("flags\t\t:", "flags\t\t: vmx"))
        script = f'mount --bind {here}/cpuinfo /proc/cpuinfo; exec "$@"'
        with Server(*MACHINE, "--accel=kvm", "--timeout-reboot=10", through=(
                "unshare", "--mount", "--propagation", "private", "sh", "-ec", script,
                "sh")) as server:
            server.greet()
            start = time.monotonic()
            assert server.ask("open", seconds=60) == ""
            assert time.monotonic() - start < 40
            assert server.wait(20) in (12, 16), server.stderr()
            assert "--accel=tcg" in server.stderr(), server.stderr()


run_all([
    a_signal_while_nothing_happens, what_a_killed_server_left_is_swept_up,
    an_image_that_does_not_boot, a_kvm_that_opens_and_does_not_work, a_kernel_panic_is_told_at_once,
    a_full_disk_under_the_overlay_is_told_at_once, a_guest_that_is_taken_apart,
    a_signal_while_it_copies_and_works, a_signal_while_it_restarts,
    a_signal_while_somebody_types, a_daemon_that_dies,
])
