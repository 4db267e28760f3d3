#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The execute command, the copies, reboot, revert and reopening, as autopkgtest
counts on them: one guest after the other through one server, by BIOS."""

import fcntl
import os
import pathlib
import signal
import stat
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Server, run_all, temporary_directory, wait_for  # noqa: E402

COPY_SECONDS = 20
TIME_ZONE = "Asia/Tokyo"  # neither the image's nor, most likely, the host's

server: Server
scratch: str


# --- what open does to the guest

def the_guest_has_our_time_zone() -> None:
    assert server.sh("readlink /etc/localtime; cat /etc/timezone; date +%Z").split() == [
        f"/usr/share/zoneinfo/{TIME_ZONE}", TIME_ZONE, "JST"]


# --- the execute command

def arguments_arrive_exactly() -> None:
    arguments = ["", " ", "a b", "'", '"', "$HOME", "*", "\n", "x\ny\n", "\\", "-n", "ü€😀",
                 "%41", ",", "\x01\x7f", "l" * 100_000]
    done = server.run("printf", "%s\\0", *arguments)
    assert done.stdout == b"".join(a.encode() + b"\0" for a in arguments), done.stdout[:300]


def statuses() -> None:
    for asked, expected in ((0, 0), (1, 1), (7, 7), (126, 126), (253, 253), (254, 253), (255, 253)):
        assert server.run("sh", "-c", f"exit {asked}").returncode == expected, asked
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
        assert server.run("sh", "-c", f"kill -{int(number)} $$").returncode == 128 + number
    assert server.run("no-such-command").returncode == 127
    assert server.run("/etc/passwd").returncode == 126


def streams_are_apart_and_binary() -> None:
    data = os.urandom(3_000_000)
    assert server.run("cat", data=data).stdout == data
    done = server.run("sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == (b"out\n", b"err\n")
    assert server.run("cat", data=b"").stdout == b""
    assert server.run("true", data=b"x" * 2_000_000).returncode == 0  # never reads it


def environment_is_sane() -> None:
    done = server.run("env")
    names = {line.split(b"=")[0] for line in done.stdout.splitlines()}
    assert names <= {b"HOME", b"PATH", b"LANG", b"TERM", b"SHELL", b"PWD"}, names
    assert server.sh("umask; pwd; id -u; echo $HOME").split() == ["0022", "/", "0", "/root"]
    assert server.sh("ps -o tty= -p $$").strip() == "?"
    assert server.sh("cat /proc/sys/kernel/random/boot_id")
    user = server.sh("su user -c 'loginctl show-session $XDG_SESSION_ID'")
    assert "Name=user" in user and "Service=su" in user, user


def ends_with_its_direct_child() -> None:
    start = time.monotonic()
    assert server.sh("echo before; sleep 30 & echo after") == "before\nafter\n"
    assert time.monotonic() - start < 5
    # It may be a shell still, that has not become sleep yet.
    wait_for(lambda: server.run("pkill", "-x", "sleep").returncode == 0, 20, "what goes on")


def output_before_the_end_is_not_lost() -> None:
    for _ in range(5):
        assert len(server.run("head", "-c", "300000", "/dev/zero").stdout) == 300_000


def commands_run_at_once() -> None:
    start = time.monotonic()
    running = [server.popen("sleep", "2") for _ in range(4)]
    for command in running:
        command.communicate(timeout=30)
    assert time.monotonic() - start < 3
    for command in [server.popen("sh", "-c", "echo $1", "sh", str(i)) for i in range(20)]:
        assert command.communicate(timeout=60)[1] == b""


def one_that_nobody_reads_holds_nobody_up() -> None:
    flood = server.popen("cat", "/dev/zero")
    start = time.monotonic()
    assert server.run("true").returncode == 0
    assert time.monotonic() - start < 5
    flood.kill()
    flood.communicate()
    wait_for(lambda: server.run("pgrep", "-f", "^cat /dev/zero").returncode == 1, 20,
             "the flood to end in the guest")


def a_killed_command_ends_in_the_guest() -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        command = server.popen("sh", "-c", "sleep 371 & sh -c 'sleep 372; true'; true")
        wait_for(lambda: server.sh("pgrep -c -x sleep || true").strip() == "2", 20, "two sleeps")
        command.send_signal(number)
        assert command.wait(5) == -number
        start = time.monotonic()
        assert server.run("true").returncode == 0
        assert time.monotonic() - start < 2
        wait_for(lambda: server.run("pgrep", "-x", "sleep").returncode == 1, 20, "their end")
        command.communicate()


def an_agent_that_is_killed_is_replaced() -> None:
    """With its whole unit: what it ran, too."""
    command = server.popen("sleep", "373")
    wait_for(lambda: server.run("pgrep", "-x", "sleep").returncode == 0, 20, "a sleep")
    killer = server.run("systemctl", "kill", "--signal=KILL", "rocm-testbed-agent-*", seconds=30)
    assert killer.returncode == command.wait(5) == 255, (killer, command.returncode)
    assert b"the testbed has gone" in killer.stderr, killer
    command.communicate()
    wait_for(lambda: server.run("true").returncode == 0, 90, "another agent")
    assert server.run("pgrep", "-x", "sleep").returncode == 1
    assert server.sh(f"cd {scratch}; pwd").strip() == scratch
    assert "the agent in the guest has gone" in server.stderr()


def a_closed_stdout_reaches_the_command() -> None:
    done = subprocess.run(["sh", "-c", '"$@" sh -c "yes; echo $? >/tmp/yes" | head -n 1', "sh",
                           *server.execute], capture_output=True, timeout=60, check=False)
    assert done.stdout == b"y\n" and done.stderr == b"", done
    wait_for(lambda: server.run("test", "-e", "/tmp/yes").returncode == 0, 20, "yes to end")


def a_shell_on_the_terminal() -> None:
    """As for autopkgtest --shell: on /dev/tty, which is raw meanwhile."""
    fcntl.ioctl(server.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 99, 0, 0))
    before = termios.tcgetattr(server.terminal)
    server.write_line("shell /usr%2Flib FOO%3D%22b%20r%22")
    os.write(server.terminal, b"echo $FOO-$((6 * 7)); pwd; stty size; exit\n")
    shown = server.read_terminal(b"33 99").decode()
    assert "b r-42" in shown and "/usr/lib" in shown, shown
    assert server.read_line(30) == "ok"
    assert termios.tcgetattr(server.terminal) == before


# --- copies

def file_down_and_up() -> None:
    with temporary_directory() as here:
        source = here / "a b%20,ü"
        source.write_bytes(os.urandom(1_000_000))
        source.chmod(0o640)
        assert server.ask("copydown", str(source), f"{scratch}/x y") == "ok"
        assert server.sh(f"stat -c %a '{scratch}/x y'").strip() == "644"
        source.chmod(0o755)
        assert server.ask("copydown", str(source), f"{scratch}/exe") == "ok"
        assert server.sh(f"stat -c %a {scratch}/exe").strip() == "755"
        assert server.ask("copyup", f"{scratch}/x y", str(here / "back")) == "ok"
        assert (here / "back").read_bytes() == source.read_bytes()


def file_keeps_its_target() -> None:
    server.sh(f"cd {scratch}; echo long long long >t; chmod 600 t; chown user t; ln -s t link")
    with temporary_directory() as here:
        (here / "new").write_text("new")
        assert server.ask("copydown", str(here / "new"), f"{scratch}/link") == "ok"
    assert server.sh(f"cd {scratch}; cat t; stat -c ' %a %U' t").split() == ["new", "600", "user"]


def make_tree(root: pathlib.Path) -> None:
    root.mkdir()
    (root / "empty").mkdir()
    (root / "sub").mkdir(mode=0o700)
    (root / "sub" / "file").write_text("content")
    (root / "sub" / "file").chmod(0o4751)
    (root / "dangling").symlink_to("nowhere")
    os.link(root / "sub" / "file", root / "hard")
    os.mkfifo(root / "fifo")
    os.utime(root / "sub" / "file", (1_000_000_000, 1_000_000_000))


def describe(root: pathlib.Path) -> list[tuple]:
    rows = []
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        rows.append((str(path.relative_to(root)), oct(status.st_mode), status.st_nlink,
                     int(status.st_mtime) if stat.S_ISREG(status.st_mode) else 0))
    return rows


def tree_down_and_up() -> None:
    with temporary_directory() as here:
        make_tree(here / "tree")
        server.sh(f"mkdir {scratch}/tree; echo kept >{scratch}/tree/kept")
        assert server.ask("copydown", f"{here}/tree/", f"{scratch}/tree/") == "ok"
        assert server.sh(f"cat {scratch}/tree/kept") == "kept\n"  # merged
        server.sh(f"rm {scratch}/tree/kept")
        assert server.ask("copyup", f"{scratch}/tree/", f"{here}/back/") == "ok"
        assert describe(here / "tree") == describe(here / "back")


def many_files_are_quick_enough() -> None:
    with temporary_directory() as here:
        (here / "many").mkdir()
        for number in range(500):
            (here / "many" / f"file{number}").write_text(f"content {number}\n")
        assert server.ask("copydown", f"{here}/many/", f"{scratch}/many/") == "ok"
        assert server.ask("copyup", f"{scratch}/many/", f"{here}/back/") == "ok"
        assert describe(here / "many") == describe(here / "back")


def copies_fail_softly() -> None:
    with temporary_directory() as here:
        (here / "file").write_text("x")
        os.mkfifo(here / "fifo")  # nobody is at its other end
        for words in (("copydown", str(here / "fifo"), f"{scratch}/x"),
                      ("copyup", "/etc/passwd", str(here / "fifo")),
                      ("copydown", "/no/such", f"{scratch}/x"),
                      ("copydown", "/no/such/", f"{scratch}/x/"),
                      ("copydown", str(here / "file"), "/no/such/dir/x"),
                      ("copyup", "/no/such", str(here / "y")),
                      ("copyup", "/no/such/", f"{here}/z/"),
                      ("copydown", str(here), f"{scratch}/x"),  # a directory without its slash
                      ("copyup", "/etc/passwd", "/dev/full"),
                      ("copyup", "/etc/passwd", "/no/such/dir/passwd")):
            assert server.ask(*words) == "copy-failed", words
            assert server.ask("auxverb-debug-fail") == "ok"
        assert (here / "y").read_bytes() == b""  # made before anything was known


def a_copy_times_out() -> None:
    server.sh(f"truncate -s 10G {scratch}/sparse")
    with temporary_directory() as here:
        start = time.monotonic()
        assert server.ask("copyup", f"{scratch}/sparse", str(here / "sparse")) == "timeout"
        assert COPY_SECONDS - 1 < time.monotonic() - start < COPY_SECONDS + 5
        assert 100_000 < (here / "sparse").stat().st_size < 10 << 30
    assert server.run("true").returncode == 0


# --- reboot, revert, close

def boot_id() -> str:
    return server.sh("cat /proc/sys/kernel/random/boot_id")


def reboots() -> None:
    before = boot_id()
    server.sh(f"rm -f {scratch}/sparse; echo kept >{scratch}/kept; chmod 4750 {scratch}/kept")
    assert server.ask("reboot") == "ok"
    assert boot_id() != before
    assert server.sh(f"cat {scratch}/kept; stat -c %a {scratch}/kept").split() == ["kept", "4750"]
    assert server.sh("ls /var/cache/autopkgtest-tmpdir.tar 2>&1 || true").startswith("ls:")


def reboots_when_the_guest_wants_to() -> None:
    before = boot_id()
    mark = "/run/autopkgtest-reboot-prepare-mark"
    server.sh(f"touch {mark}; (while [ -e {mark} ]; do sleep 0.2; done; systemctl reboot) "
              ">/dev/null 2>&1 &")
    assert server.ask("reboot", "prepare-only") == "ok"
    assert boot_id() != before
    assert server.sh(f"cat {scratch}/kept").strip() == "kept"


def reverts() -> None:
    server.sh("touch /root/modified")
    assert server.take_open("revert") == scratch
    assert server.sh(f"ls /root/modified 2>&1 || true; ls {scratch}").startswith("ls:")
    assert server.sh(f"stat -c %a {scratch}").strip() == "777"
    the_guest_has_our_time_zone()


def capabilities() -> None:
    assert server.ask("capabilities").split() == [
        "ok", "isolation-machine", "reboot", "revert", "revert-full-system", "root-on-testbed",
        "suggested-normal-user=user"]


def power_off_is_noticed_at_once() -> None:
    command = server.begin("sleep", "1000")
    gone = server.popen("sh", "-c", "sync; poweroff -f")
    assert command.wait(60) == 255
    assert b"gone" in command.communicate()[1]
    gone.communicate(timeout=10)
    start = time.monotonic()
    assert server.run("true").returncode == 255
    assert time.monotonic() - start < 1
    wait_for(lambda: "shut itself off" in server.stderr(), 10, "the reason in the log")
    assert server.ask("close") == "ok"


def ends_cleanly() -> None:
    assert server.quit() == 0, server.stderr()


def main() -> None:
    global server, scratch
    with Server("--boot=bios", "--cpus=2", "--ram-size=1024",
                env={"AUTOPKGTEST_VIRT_COPY_TIMEOUT": str(COPY_SECONDS),
                     "TZ": TIME_ZONE}) as server:
        scratch = server.open()
        run_all([
            the_guest_has_our_time_zone,
            arguments_arrive_exactly, statuses, streams_are_apart_and_binary, environment_is_sane,
            ends_with_its_direct_child, output_before_the_end_is_not_lost, commands_run_at_once,
            one_that_nobody_reads_holds_nobody_up, a_killed_command_ends_in_the_guest,
            an_agent_that_is_killed_is_replaced, a_closed_stdout_reaches_the_command, a_shell_on_the_terminal,
            file_down_and_up, file_keeps_its_target, tree_down_and_up, many_files_are_quick_enough,
            copies_fail_softly, a_copy_times_out, reboots, reboots_when_the_guest_wants_to,
            reverts, capabilities, power_off_is_noticed_at_once, ends_cleanly,
        ])


main()
