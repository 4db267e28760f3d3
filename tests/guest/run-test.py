#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rocm-qemu-run, as a person uses it: at a terminal, for one command, by ssh; what is written
and what is not; and that nothing stays, however it ends. One boot that is saved serves most of
it, another one writes to an image of its own, and a third is interrupted."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import (environment, processes_knowing, run_all, test_image,  # noqa: E402
                    wait_for)
from terminal import Terminal  # noqa: E402
from warm import warm_directory  # noqa: E402

MACHINE = ("-g", "none", "-c1", "-m", "1024", "--boot=bios")
SECONDS = 400  # a boot, under TCG
PEERS_SSH = "ssh -p 10022 -o CheckHostIP=no -o StrictHostKeyChecking=no root@localhost"
CTRL_C = "\x03"
ESCAPE = "\x1d"
PROMPT = r"^root@[^\n]*# "

here: pathlib.Path   # the working directory of all, which they show to their guests
cache: pathlib.Path  # of the saved VM


def program() -> str:
    return os.environ["AQR_RUN"]


def warm(*words: str) -> list[str]:
    """With QEMU's word for -s."""
    return [program(), "--qemu-options=-snapshot", "--warm=on", f"--warm-dir={cache}", *MACHINE, "-d", ".", *words]


class Place:
    """A TMPDIR, in which nothing stays, and which no process knows in the end."""

    def __init__(self) -> None:
        self.tmp = tempfile.mkdtemp(prefix="aqr-run.")

    def environment(self, **extra: str) -> dict[str, str]:
        found = environment(TMPDIR=self.tmp, TERM="xterm", LANG="C.UTF-8", **extra)
        del found["AQR_WARM"]
        return found

    def leftovers(self) -> list[str]:
        return [str(path) for path in pathlib.Path(self.tmp).iterdir()] + processes_knowing(self.tmp)

    def machines(self) -> list[int]:
        found = []
        for line in processes_knowing(self.tmp):
            pid = int(line.split(":")[0])
            with contextlib.suppress(OSError):
                if b"guest=autopkgtest" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found


@contextlib.contextmanager
def place() -> Iterator[Place]:
    made = Place()
    try:
        yield made
        left = made.leftovers()
        assert not left, f"left behind: {left}"
    finally:
        shutil.rmtree(made.tmp, ignore_errors=True)


@contextlib.contextmanager
def terminal(argv: list[str], **size: int) -> Iterator[tuple[Terminal, Place]]:
    with place() as at, Terminal(argv, cwd=here, env=at.environment(), **size) as screen:
        before = screen.settings()
        yield screen, at
        assert screen.settings() == before, "the terminal is not as it was"


@contextlib.contextmanager
def console(*words: str, **size: int) -> Iterator[tuple[Terminal, Place]]:
    """A shell that is there."""
    with terminal(warm(*words, test_image()), **size) as (screen, at):
        screen.wait_for(r"Ctrl-\] ends the VM", SECONDS)
        screen.wait_for(PROMPT)
        yield screen, at


def run(*argv: str, data: bytes = b"", seconds: float = SECONDS) -> subprocess.CompletedProcess:
    with place() as at:
        return subprocess.run(argv, input=data, capture_output=True, timeout=seconds, check=False,
                              cwd=here, env=at.environment())


def command(*argv: str, options: tuple[str, ...] = (), data: bytes = b""):
    return run(*warm(*options, test_image(), "--", *argv), data=data)


# --- without a VM

def expect_refusal(status: int, says: str, *words: str) -> None:
    done = run(program(), *words, seconds=60)
    text = done.stderr.decode()
    assert done.returncode == status and not done.stdout, (words, done)
    assert text.startswith("rocm-qemu-run: ") and says in text, (words, text)


def bad_input_is_refused() -> None:
    image = test_image()
    expect_refusal(2, "no image")
    expect_refusal(2, "no image", "-s", "--", "true")
    expect_refusal(2, "no COMMAND", image, "--")
    expect_refusal(2, "Unknown option -x", "-x", image)
    expect_refusal(2, "--warm=on is for -s", "--warm=on", image)
    expect_refusal(2, "number of a port", "-p", "70000", image)
    expect_refusal(2, "\"nonsense\" is not the address of a GPU", "-g", "nonsense", image)
    expect_refusal(2, "--baseimage", "--baseimage", "-g", "none", image)
    expect_refusal(1, "is its name right", "-s", "-g", "none", "/no/such/image")
    expect_refusal(255, "is its name right", "-g", "none", "/no/such/image", "--", "true")
    expect_refusal(1, "No such file", "-d", "none", "-s", "-g", "none", image)
    expect_refusal(1, "/a,b\": No such file", "-d", "a,b", "-s", "-g", "none", image)
    expect_refusal(2, "--dir takes", "-d", "", "-s", "-g", "none", image)
    (here / "empty.img").touch()
    expect_refusal(1, "it is empty", "-g", "none", "empty.img")
    os.truncate(here / "empty.img", 1 << 20)
    expect_refusal(1, "cannot safely write to a raw image", "-g", "none", "empty.img")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        expect_refusal(1, f"port {port} of 127.0.0.1: Address already in use", "-p", str(port),
                       "-g", "none", image)


def a_dry_run_starts_nothing() -> None:
    image = here / "dry.qcow2"
    make_overlay(image)
    done = run(program(), "--dry-run", "-g", "none", "-m2G", str(image), "-name", "two words")
    text = done.stdout.decode()
    assert done.returncode == 0, done
    assert text.startswith("<domain ") and f"<source file='{image}'>" in text, text
    assert "<qemu:arg value='two words'/>" in text
    assert "<memory unit='MiB'>2048</memory>" in text
    done = run(program(), "--dry-run", "-sg", "none", str(image))
    assert done.returncode == 0 and done.stdout.startswith(b"qemu-img create"), done
    for words in ((str(image), "-snapshot"), (str(image), "--snapshot"),
                  ("--qemu-options=-snapshot", str(image))):
        done = run(program(), "--dry-run", "-g", "none", *words)
        assert done.stdout.startswith(b"qemu-img create"), (words, done)
        assert b"<qemu:arg value='-snapshot'/>" in done.stdout, (words, done)
    link = here / "latest.qcow2"
    link.symlink_to(image.name)
    text = run(program(), "--dry-run", "-sg", "none", str(link)).stdout.decode()
    assert str(image) in text and str(link) not in text, text


# --- one command

def a_command_has_its_streams_and_its_status() -> None:
    """The first of them boots, and is saved."""
    data = bytes(range(256)) * 4000
    done = command("sh", "-c", "cat; echo complaint >&2; exit 7", data=data)
    assert done.returncode == 7, done
    assert done.stdout == data
    assert done.stderr.endswith(b"complaint\n"), done.stderr
    assert b"are discarded at the end" in done.stderr


def a_command_is_taken_as_it_is() -> None:
    done = command("sh", "-c", "printf '%s\\n' \"$@\"; kill -s KILL $$", "-s", "a  b", "", "$HOME",
                   "--")
    assert done.stdout == b"a  b\n\n$HOME\n--\n", done
    assert done.returncode == 137


def a_user_runs_it() -> None:
    done = command("sh", "-c", "id -un; echo \"$HOME $1\"; exit 4", "sh", "a  b",
                   options=("-u", "user"))
    assert (done.returncode, done.stdout) == (4, b"user\n/home/user a  b\n"), done


def a_script_on_stdin_is_run_by_a_login_shell() -> None:
    done = run(*warm(test_image()), data=b"shopt login_shell; tty; pwd; ls /shared\nexit 5\n")
    assert done.returncode == 5, done
    assert done.stdout.split() == [b"login_shell", b"on", b"not", b"a", b"tty", b"/root",
                                   *sorted(os.fsencode(name) for name in os.listdir(here))], done


# --- at a terminal

def a_shell_has_the_terminal() -> None:
    with console(rows=33, columns=101) as (screen, _):
        screen.type("stty size; echo $TERM:$LANG; shopt login_shell\n")
        screen.wait_for(r"^33 101\nxterm:C.UTF-8\nlogin_shell\s+on\n")
        screen.wait_for(PROMPT)
        screen.resize(50, 120)
        screen.type("stty size\n")
        screen.wait_for(r"^50 120\n")
        screen.type("sh -c 'echo begun; exec sleep 1000'; echo over\n")
        screen.wait_for(r"^begun\n")
        screen.type(CTRL_C)
        screen.wait_for(r"\^C")
        screen.wait_for(PROMPT)
        screen.type("echo from the guest >/shared/note; exit 3\n")
        assert screen.wait() == 3
    assert (here / "note").read_text() == "from the guest\n"


def the_escape_key_ends_it() -> None:
    """Also while nothing reads what is typed."""
    with console() as (screen, _):
        screen.type("stty raw -echo; echo begun; kill -s STOP $$\n")
        screen.wait_for(r"^begun")
        screen.type("x" * 100)
        start = time.monotonic()
        screen.type(ESCAPE)
        assert screen.wait() == 0
        assert time.monotonic() - start < 15


def a_command_has_a_terminal_of_the_user() -> None:
    with terminal(warm("-u", "user", test_image(), "--", "sh", "-c", "id -un; tty; exit 6")
                  ) as (screen, _):
        screen.wait_for(r"^user\n/dev/pts/\d+\n", SECONDS)
        assert screen.wait() == 6


def a_command_that_is_lost_has_failed() -> None:
    """Whoever ended it, and however orderly."""
    with terminal(warm(test_image(), "--", "sh", "-c", "echo begun; sleep 1000")) as (screen, _):
        screen.wait_for(r"^begun\n", SECONDS)
        screen.type(ESCAPE)
        assert screen.wait() == 255
        assert "the command was left with Ctrl-]" in screen.shown
    done = command("sh", "-c", "poweroff -ff; sleep 1000")
    assert done.returncode == 255, done
    assert b"the command was lost with the guest" in done.stderr, done.stderr


def a_guest_powers_itself_off() -> None:
    with console() as (screen, _):
        screen.type("poweroff\n")
        screen.wait_for(r"^rocm-qemu-run: the guest has powered itself off\n", 120)
        assert screen.wait() == 0


def a_guest_crashes() -> None:
    with console() as (screen, _):
        screen.type("echo c >/proc/sysrq-trigger\n")
        screen.wait_for(r"panicked")
        assert screen.wait() == 1
        assert "the VM is lost" in screen.shown


# --- by ssh

def take_signals() -> None:
    """A shell in the background would have it ignore some."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def begin(argv: list[str]) -> Iterator[subprocess.Popen]:
    """Without a terminal; it has ended in the end."""
    with place() as at, subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=here, env=at.environment(), text=True, preexec_fn=take_signals) as process:
        try:
            yield process
        finally:
            process.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def check_port(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        assert connection.recv(100).startswith(b"SSH-2.0-OpenSSH")
    hexadecimal = f":{port:04X}"
    listening = [line.split()[1] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()
                 if line.split()[1].endswith(hexadecimal) and line.split()[3] == "0A"]
    assert listening == [f"0100007F{hexadecimal}"], listening


def ask(*argv: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(argv, capture_output=True, timeout=120, check=False, **options)


def check_peers_ssh(config: str, port: int) -> None:
    """What rocm-qemu-support tells people to type, by somebody whom the guest knows. Only where
    his key is, and that the host's key is not kept, is said besides."""
    key = here / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    done = ask("ssh", "-F", config, "testbed",
               "umask 77; mkdir -p .ssh; cat >>.ssh/authorized_keys",
               input=key.with_suffix(".pub").read_bytes())
    assert done.returncode == 0, done
    typed = PEERS_SSH.replace("10022", str(port)).split()
    done = ask(*typed, "-F", "none", "-i", str(key), "-o", "BatchMode=yes",
               "-o", "UserKnownHostsFile=/dev/null", "id -un; cat; exit 5", input=b"typed")
    assert (done.returncode, done.stdout) == (5, b"root\ntyped"), done


def check_ssh(config: str) -> None:
    data = bytes(range(256)) * 4000
    done = ask("ssh", "-F", config, "testbed", "cat; id -un >&2; exit 9", input=data)
    assert (done.returncode, done.stdout, done.stderr) == (9, data, b"root\n"), done.stderr
    (here / "sent").write_bytes(data)
    for names in (("sent", "testbed:/tmp/it"), ("testbed:/tmp/it", "came")):
        done = ask("scp", "-q", "-F", config, *names, cwd=here)
        assert done.returncode == 0 and not done.stderr, done
    assert (here / "came").read_bytes() == data
    assert os.stat(os.path.join(os.path.dirname(config), "ssh-key")).st_mode & 0o777 == 0o600


def ssh_comes_in() -> None:
    """Until somebody interrupts."""
    port = free_port()
    with begin(warm("--ssh", "-p", str(port), test_image())) as process:
        said = ""
        while "until this is stopped" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        config = re.search(r"ssh -F (\S+) testbed\n", said)[1]
        check_ssh(config)
        check_port(port)
        check_peers_ssh(config, port)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == -signal.SIGINT
        assert process.stdout.read() == ""


# --- interrupted

def a_signal_ends_it_at_the_console() -> None:
    with console() as (screen, _):
        screen.process.terminate()
        assert screen.wait() == -signal.SIGTERM, screen.tail()
        assert "stopped by signal 15" in screen.shown


def the_terminal_goes() -> None:
    with place() as at, Terminal(warm(test_image()), cwd=here, env=at.environment()) as screen:
        screen.wait_for(PROMPT, SECONDS)
        os.close(screen.master)
        assert screen.process.wait(60) in (-signal.SIGHUP, 0)
        screen.master = os.open("/dev/null", os.O_RDONLY)


def cold(image: pathlib.Path, *words: str) -> list[str]:
    return [program(), *MACHINE, *words, str(image)]


def ctrl_c_ends_a_boot() -> None:
    """The first lets the guest end in order, where it writes to the image; the second does not
    wait for that, and leaves nothing either."""
    image = here / "interrupted.qcow2"
    make_overlay(image)
    with terminal(cold(image)) as (screen, at):
        screen.wait_for("starting the VM")
        wait_for(at.machines, 60, "QEMU")
        screen.type(CTRL_C)
        wait_for(lambda: stops(screen.process.pid), 20, "the first one to be noticed")
        start = time.monotonic()
        time_of_two_signals = 0.6  # those that follow at once are the same one
        wait_for(lambda: time.monotonic() - start > time_of_two_signals, 5, "another signal")
        screen.type(CTRL_C)
        assert screen.wait() == -signal.SIGINT, screen.tail()
        assert time.monotonic() - start < 5
    assert subprocess.run(["qemu-img", "check", "-q", image], check=False).returncode == 0


def stops(pid: int) -> bool:
    """It has taken the signal: nothing of it is pending."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    pending = re.findall(r"^S[hi][dg]Pnd:\s+(\w+)", status, re.MULTILINE)
    return all(int(word, 16) & 1 << (signal.SIGINT - 1) == 0 for word in pending)


# --- what is written

def make_overlay(image: pathlib.Path) -> None:
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", test_image(), "-F", "qcow2",
                    image], check=True)


def read_file(image: pathlib.Path, name: str) -> bytes:
    """Of the root file system in an image, without a VM."""
    raw = here / "raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
    table = subprocess.run(["sfdisk", "--dump", raw], check=True, capture_output=True, text=True)
    starts = [int(found) for found in re.findall(r"start=\s*(\d+)", table.stdout)]
    texts = [subprocess.run(["debugfs", "-R", f"cat {name}", f"{raw}?offset={512 * start}"],
                            check=False, capture_output=True).stdout for start in starts]
    raw.unlink()
    return b"".join(texts)


def what_is_written_stays() -> None:
    """At the end, whatever that is, the guest is powered off, so that it is all there; nobody
    else may write meanwhile. When it restarts, the shell comes back."""
    image = here / "written.qcow2"
    make_overlay(image)
    with terminal(cold(image)) as (screen, at):
        screen.wait_for(r"changes are written to \"\S+/written.qcow2\"; -s discards them")
        screen.wait_for(PROMPT, SECONDS)
        screen.type("ls -d /tmp/autopkgtest.*; echo kept >/root/kept\n")
        screen.wait_for(r"No such file")
        screen.wait_for(PROMPT)
        if "reboot" in sys.argv[1:]:
            screen.type("rm /usr/sbin/sshd; reboot\n")
            screen.wait_for("the guest restarts", SECONDS)
            screen.wait_for(PROMPT, SECONDS)
        pid = at.machines()[0]
        expect_refusal(1, f"in use by pid {pid} (qemu-system-x86)", "-g", "none", str(image))
        screen.process.terminate()
        screen.wait_for("powering the guest off")
        screen.wait_for("the guest has powered itself off", 120)
        assert screen.wait() == -signal.SIGTERM
    assert read_file(image, "/root/kept") == b"kept\n"


def ssh_wants_sshd() -> None:
    image = here / "written.qcow2"
    done = run(*cold(image, "--ssh", "-s"))
    assert done.returncode == 1 and b"openssh-server" in done.stderr, done


def a_guest_that_restarts_has_its_base_image() -> None:
    """Which nobody could take out before."""
    with terminal(cold(test_image(), "-s", "--baseimage")) as (screen, _):
        screen.wait_for(PROMPT, SECONDS)
        screen.type("reboot\n")
        screen.wait_for("the guest restarts", SECONDS)
        screen.wait_for(PROMPT, SECONDS)
        screen.type("stat -L -c 'mode %a' /dev/baseimage\n")
        screen.wait_for("mode 664")
        screen.type("exit 3\n")
        assert screen.wait() == 3


image_before = os.stat(test_image())


def the_image_is_as_it_was() -> None:
    after = os.stat(test_image())
    assert (after.st_size, after.st_mtime_ns, after.st_mode) == (
        image_before.st_size, image_before.st_mtime_ns, image_before.st_mode)


def main() -> None:
    global here, cache
    # With a comma, which QEMU and --shared-dir have another use for.
    with tempfile.TemporaryDirectory(prefix="aqr,data.", dir=os.path.dirname(test_image())
                                     ) as name, warm_directory() as cache:
        here = pathlib.Path(name)
        if "reboot" in sys.argv[1:]:
            run_all([what_is_written_stays, ssh_wants_sshd,
                     a_guest_that_restarts_has_its_base_image])
        run_all([
            bad_input_is_refused, a_dry_run_starts_nothing,
            a_command_has_its_streams_and_its_status, a_command_is_taken_as_it_is,
            a_user_runs_it,
            a_script_on_stdin_is_run_by_a_login_shell, a_shell_has_the_terminal,
            the_escape_key_ends_it, a_command_has_a_terminal_of_the_user,
            a_command_that_is_lost_has_failed, a_guest_crashes,
            ssh_comes_in, a_signal_ends_it_at_the_console, the_terminal_goes,
            a_guest_powers_itself_off, ctrl_c_ends_a_boot, what_is_written_stays,
            the_image_is_as_it_was,
        ])


main()
