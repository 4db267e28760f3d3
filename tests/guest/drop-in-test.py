#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""In place of rocm-qemu-support: every command line of its man pages, typed as it is there, goes
to our programs, and every file of it is provided or superseded. The package is sid's. One of
its command lines that is not in the table is a failure.

An argument chooses the command lines that it is a part of.

They are typed in a directory that has what they name: unstable.img is an overlay of the test's
image, and "sudo" only starts what is behind it. What stands in for a host with a GPU at 09:00.0
is said in debci/standin/README.md; "rocrand" is a package of our own, as that one's tests want a
real GPU. Where a VM would start again and again, --dry-run shows it."""

import contextlib
import dataclasses
import os
import pathlib
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
import installed  # noqa: E402
import peer  # noqa: E402
from autopkgtest import PATIENCE, TESTBED_OPTIONS, fetch, warm_dir  # noqa: E402
from server import (Skipped, environment, processes_knowing, run_all,  # noqa: E402
                    temporary_directory, test_image)
from terminal import Terminal  # noqa: E402

STANDIN = TESTS / "debci" / "standin"
BUILD = pathlib.Path(os.environ["AQR_BUILD_DIR"])
PROGRAMS = installed.programs()
TESTBED_FAILED = 16


class Stage:
    """A directory in which a command line of the peer's is typed."""

    def __init__(self, directory: pathlib.Path, options: dict[str, tuple[str, ...]]) -> None:
        """options: what a program is told besides."""
        self.directory = directory
        self.through: tuple[str, ...] = ()  # what starts the shell
        for name in ("bin", "virt", "leases", "tmp", "shared"):
            (directory / name).mkdir()
        (directory / "leases").chmod(0o1777)
        (directory / "virt" / "autopkgtest-virt-qemu+rocm").symlink_to(
            "../bin/autopkgtest-virt-qemu+rocm")
        for name, program in PROGRAMS.items():
            words = (program, *options.get(name, ()))
            self.write_program(name, f'exec {shlex.join(words)} "$@"\n')
        self.write_program("sudo", 'exec "$@"\n')
        for name in ("unstable.img", "unstable-amd64.img"):
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                            test_image(), directory / name], check=True)

    def write_program(self, name: str, text: str) -> None:
        path = self.directory / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)

    def stand_in(self, *addresses: str) -> None:
        """The host has these GPUs, all on vfio-pci, and no others."""
        if os.geteuid() != 0:
            raise Skipped("needs root, for what stands in for a host")
        port, gpu = (STANDIN / "two-gpus.host").read_text().split("\n")[2:4]
        lines = [port, *(gpu.replace("0000:03:00.0", address).replace("group=22", f"group={group}")
                         for group, address in enumerate(addresses, 20))]
        (self.directory / "gpus.host").write_text("\n".join(lines) + "\n")
        subprocess.run([STANDIN / "make-host", self.directory / "gpus.host",
                        self.directory / "host"], check=True)
        self.through = (str(STANDIN / "with-gpus"), str(self.directory / "host"))

    def environment(self) -> dict[str, str]:
        return environment(TMPDIR=str(self.directory / "tmp"), HOME=str(self.directory),
                           AQR_LEASE_DIR=str(self.directory / "leases"),
                           PATH=f"{self.directory}/bin:{os.environ['PATH']}")

    def type(self, command: str) -> subprocess.CompletedProcess:
        return subprocess.run([*self.through, "sh", "-c", command], cwd=self.directory,
                              env=self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=400, check=False)


@contextlib.contextmanager
def stage(options: dict[str, tuple[str, ...]] | None = None) -> Iterator[Stage]:
    """Nothing may be left there by what was typed."""
    with temporary_directory() as directory:
        directory.chmod(0o755)
        here = Stage(directory, options or {})
        yield here
        assert not processes_knowing(str(directory))
        assert not list((directory / "tmp").glob("aqr-*"))


# --- what a command line must do

def help_is_shown(command: str) -> None:
    with stage() as here:
        done = here.type(command)
        assert done.returncode == 0 and "Usage:" in done.stdout and not done.stderr, done


def its_options_are_known(command: str) -> None:
    """Of a form, as in "program [-a FILE] [--gpu GPU]"."""
    program = next(word for word in command.split() if "/" in word)
    with stage() as here:
        text = here.type(f"{program} --help-all").stdout
        for option in re.findall(r"\[(--?[a-z]+)", command):
            assert re.search(rf"^ +(-\w, )?{option}[,= ]", text, re.MULTILINE), (option, text)


def the_host_is_judged(command: str) -> None:
    """Good or not, with a status that says it. A user who does not exist is none."""
    mine = pwd.getpwuid(os.geteuid()).pw_name
    with stage() as here:
        done = here.type(command.replace("<user>", mine))
        judged = re.findall("^ *(PASS|WARN|FAIL) ", done.stdout, re.MULTILINE)
        assert len(judged) > 5 and not done.stderr, done
        assert done.returncode == (1 if "FAIL" in judged else 0), done
        if "someuser" in command:
            assert done.returncode == 1 and "someuser" in done.stdout, done


def a_gpu_that_is_not_there_is_missed(command: str) -> None:
    """autopkgtest says that it is the testbed's fault. rocm-qemu-support's would run the tests
    without, if none was named."""
    named = "09:00.0" in command
    with stage() as here:
        here.stand_in(*(["0000:03:00.0"] if named else []))
        done = here.type(command)
        assert done.returncode == TESTBED_FAILED, done
        assert re.search("09:00.0" if named else "no AMD GPU", done.stderr), done.stderr


def write_package(directory: pathlib.Path) -> pathlib.Path:
    """Its one test sees an AMD GPU in the guest."""
    shutil.copytree(TESTS / "guest" / "failing", directory)
    (directory / "debian/tests/control").write_text(
        "Test-Command: grep 0x1002 /sys/bus/pci/devices/*/vendor\n"
        "Features: test-name=sees-gpu\nDepends:\n")
    return directory


def a_package_is_tested(command: str) -> None:
    """No more than that the GPU is there can be asked of what stands in, and it cannot be plugged
    into a warm guest."""
    options = ("--gpu-ready=pci", "--warm=off", f"--qemu-command={STANDIN}/qemu",
               *(option for option in TESTBED_OPTIONS if "gpu" not in option))
    with stage({"autopkgtest-virt-qemu+rocm": options}) as here:
        here.stand_in("0000:03:00.0", "0000:09:00.0")
        package = write_package(here.directory / "rocrand-1.0")
        words = command.replace("autopkgtest ", f"autopkgtest {shlex.join(PATIENCE)} ", 1)
        done = here.type(words.replace("rocrand", str(package)))
        assert done.returncode == 0 and "sees-gpu             PASS" in done.stdout, done


def is_described(xml: str, command: str) -> None:
    """The VM has the GPU, and what else was asked for."""
    wanted = {"-c 4": "<vcpu>4<", "-m 8192": "<memory unit='MiB'>8192<",
              "-d": "<filesystem type='mount'", "": "bus='0x09' slot='0x00' function='0x0'"}
    for words, text in wanted.items():
        assert text in xml or words not in command, (words, text, xml)


def a_vm_would_start(command: str) -> None:
    """On a host whose one GPU is at 09:00.0, with a free port."""
    program, *_ = command.split()
    with stage({pathlib.Path(program).name: ("--dry-run",)}) as here, socket.socket() as free:
        here.stand_in("0000:09:00.0")
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        free.close()
        for directory in ("/some/host/dir", "/tmp/foo"):
            command = command.replace(directory, str(here.directory / "shared"))
        done = here.type(command.replace("10022", port))
        assert done.returncode == 0 and not done.stderr, done
        is_described(done.stdout, command)
        assert ("<disk" in done.stdout) and (f"{here.directory}/unstable" in done.stdout), done


def a_snapshot_of_qemus_is_taken(command: str) -> None:
    """One of the [qemu options]. The image is not written to."""
    program, *_ = command.split()
    with stage({pathlib.Path(program).name: ("--dry-run", "-g", "none")}) as here:
        done = here.type(f"{program} unstable.img -snapshot")
        assert done.returncode == 0 and not done.stderr, done
        assert done.stdout.startswith("qemu-img create"), done


def a_console_is_entered(command: str) -> None:
    """Without a GPU, of the image of which a VM is saved; "exit" ends it."""
    options = (*TESTBED_OPTIONS, "--warm=on", f"--warm-dir={warm_dir()}")
    argv = ["sh", "-c", command.replace("unstable.img", test_image())]
    with (stage({"rocm-qemu-run": options}) as here,
          Terminal(argv, cwd=here.directory, env=here.environment()) as terminal):
        terminal.wait_for("^root@.*# ", 300)
        terminal.type("tty; exit 7\n")
        terminal.wait_for("^/dev/pts/")
        assert terminal.wait(60) == 7, terminal.tail()


def an_image_would_be_made(command: str) -> None:
    """By that name, or its release's; from that mirror, which stays in the image."""
    words = dict(re.findall(r"(-[amr]) (\S+)", command))
    name = (re.findall(r"\S+\.img", command) or [words.get("-r", "unstable") + ".img"])[0]
    with stage({"rocm-qemu-create": ("--dry-run",)}) as here:
        (here.directory / ".ssh").mkdir()
        (here.directory / ".ssh/id_rsa.pub").write_text("ssh-rsa AAAA somebody\n")
        done = here.type(command)
        assert done.returncode == 0 and not done.stderr, done
        assert re.search(rf'^rename ".*" to "(.*/)?{name}"', done.stdout, re.MULTILINE), done.stdout
        for word in words.values():
            assert word.replace("~", str(here.directory)) in done.stdout, (word, done.stdout)


def it_would_be_of_those_sources(command: str) -> None:
    words = dict(re.findall(r"(-[mr]) (\S+)", command))
    with stage({"rocm-qemu-create": ("--print-sources",)}) as here:
        sources = here.type(command).stdout.splitlines()
        assert sources and all(line.startswith("deb") for line in sources), sources
        for line in sources:
            assert words.get("-m", "") in line, line
        release = words.get("-r", "unstable").replace("unstable", "(unstable|sid)")
        assert re.search(f" {release} main", sources[0]), sources


def nothing_of_ours(command: str) -> None:
    assert not any(name in command for name in PROGRAMS), command


@dataclasses.dataclass
class Elsewhere:
    """Another test does it, as it takes long: by that function in that file, which may have to
    name the very command line."""
    path: str
    function: str
    literally: bool = False

    def __call__(self, command: str) -> None:
        text = (TESTS / self.path).read_text()
        assert f"def {self.function}(" in text, self
        assert not self.literally or f'"{command}"' in text, (self, command)


# What is typed, and what must come of it.
Check = Callable[[str], None]
LINES: dict[str, tuple[Check, ...]] = {
    "bin/rocm-qemu-setup -h": (help_is_shown,),
    "bin/rocm-qemu-setup [-u USER]": (its_options_are_known,),
    "bin/rocm-qemu-setup": (the_host_is_judged,),
    "bin/rocm-qemu-setup -u someuser": (the_host_is_judged,),
    "rocm-qemu-setup -u <user>": (the_host_is_judged,),

    "virt/autopkgtest-virt-qemu+rocm -h": (help_is_shown,),
    "virt/autopkgtest-virt-qemu+rocm autopkgtest [...] -- qemu+rocm [--gpu GPU] [options] image "
    "[ro-image ...]": (its_options_are_known,),
    "autopkgtest -B rocrand -- qemu+rocm unstable.img": (a_gpu_that_is_not_there_is_missed,),
    "autopkgtest -B rocrand -- qemu+rocm --gpu 09:00.0 unstable.img": (
        a_gpu_that_is_not_there_is_missed, a_package_is_tested),

    "bin/rocm-qemu-run -h": (help_is_shown,),
    "bin/rocm-qemu-run [-c CPUs] [-d DIR ] [-g GPU] [-m MEM] [-p SSHPORT] image [qemu options]": (
        its_options_are_known, a_snapshot_of_qemus_is_taken),
    "bin/rocm-qemu-run unstable.img": (a_vm_would_start,),
    "bin/rocm-qemu-run -c 4 -m 8192 unstable.img": (a_vm_would_start,),
    "bin/rocm-qemu-run unstable.img -g 09:00.0": (a_vm_would_start,),
    "bin/rocm-qemu-run -p 10022 -d /some/host/dir unstable-amd64.img": (a_vm_would_start,),
    "bin/rocm-qemu-run -s unstable.img": (a_vm_would_start, a_console_is_entered),
    "bin/rocm-qemu-run -d /tmp/foo unstable.img": (a_vm_would_start,),
    "ssh -p 10022 -o CheckHostIP=no -o StrictHostKeyChecking=no root@localhost": (
        Elsewhere("guest/run-test.py", "check_peers_ssh", literally=True),),

    "bin/rocm-qemu-create -h": (help_is_shown,),
    "bin/rocm-qemu-create [-a AKFILE] [-m MIRROR] [-r RELEASE] [IMAGE]": (its_options_are_known,),
    "sudo bin/rocm-qemu-create": (
        an_image_would_be_made, it_would_be_of_those_sources),
    "sudo bin/rocm-qemu-create unstable-autopkgtest-amd64.img": (an_image_would_be_made,),
    "sudo bin/rocm-qemu-create -m http://10.1.2.3:9999/debian": (
        an_image_would_be_made, it_would_be_of_those_sources),
    "sudo bin/rocm-qemu-create -r bookworm": (
        an_image_would_be_made, it_would_be_of_those_sources,
        Elsewhere("session/first-session-test.py", "the_first_session")),
    "sudo bin/rocm-qemu-create -a ~/.ssh/id_rsa.pub": (an_image_would_be_made,),
    "sudo rocm-qemu-create unstable.img": (an_image_would_be_made,),
    "sudo chown $USER: unstable.img": (nothing_of_ours,),
}

# The files of the peer, and ours: at the same place under /usr, or what supersedes them.
FILES = {
    "/usr/bin/autopkgtest-virt-qemu+rocm": "bin/autopkgtest-virt-qemu+rocm",
    "/usr/bin/rocm-qemu-create": "bin/rocm-qemu-create",
    "/usr/bin/rocm-qemu-run": "bin/rocm-qemu-run",
    "/usr/bin/rocm-qemu-setup": "bin/rocm-qemu-setup",
    "/usr/share/man/man1/autopkgtest-virt-qemu+rocm.1.gz":
        "share/man/man1/autopkgtest-virt-qemu+rocm.1",
    "/usr/share/man/man1/rocm-qemu-run.1.gz": "share/man/man1/rocm-qemu-run.1",
    "/usr/share/man/man1/rocm-qemu-setup.1.gz": "share/man/man1/rocm-qemu-setup.1",
    # It needs no root, so it is a user's command.
    "/usr/share/man/man8/rocm-qemu-create.8.gz": "share/man/man1/rocm-qemu-create.1",
}
# debhelper installs ours below usr/share/doc/autopkgtest-virt-qemu-rocm.
BY_DEBHELPER = {
    "/usr/share/doc/rocm-qemu-support/changelog.gz": "debian/changelog",
    "/usr/share/doc/rocm-qemu-support/copyright": "debian/copyright",
}


def the_table_is_complete() -> None:
    """And has nothing that nobody types."""
    with temporary_directory() as directory:
        typed = [line for page in peer.pages(support, directory) for line in peer.commands(page)]
    assert set(typed) == set(LINES), set(typed) ^ set(LINES)


def each_file_is_provided() -> None:
    assert set(peer.files(support)) == set(FILES) | set(BY_DEBHELPER), peer.files(support)
    with temporary_directory() as directory:
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir",
                        directory], check=True)
        (prefix,) = [path.parents[1] for path in directory.rglob("bin/rocm-qemu-run")]
        for theirs, path in FILES.items():
            assert (prefix / path).exists(), (theirs, path)
    for theirs, path in BY_DEBHELPER.items():
        assert (TESTS.parent / path).is_file(), (theirs, path)


@dataclasses.dataclass
class Row:
    """A command line, and one of its checks."""
    command: str
    check: Check

    @property
    def __name__(self) -> str:
        return f"{getattr(self.check, '__name__', 'elsewhere')}: {self.command}"

    def __call__(self) -> None:
        self.check(self.command)


support = fetch("fetch-deb", "sid", "rocm-qemu-support")
run_all([the_table_is_complete, each_file_is_provided,
         *(Row(command, check) for command, checks in LINES.items() for check in checks
           if all(word in command for word in sys.argv[1:]))])
