#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What bash offers for each of our programs, where TAB is pressed: the built programs are asked,
but for rocm-qemu-gpus list, which a host without GPUs has nothing to say to."""

import contextlib
import os
import pathlib
import pty
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "support"))
from server import run_all, temporary_directory  # noqa: E402

SERVER, RUN, GPUS, SETUP, CREATE = (os.environ[f"AQR_{name}"] for name in (
    "SERVER", "RUN", "GPUS", "SETUP", "CREATE"))
TABLE = (TOP / "tests" / "golden" / "gpus.txt").read_text()
KEY = "6d31e0f3c0c37ac6a356046511912fdd"

# Prints what is offered.
ASK = r"""
compopt() { :; } # works while readline completes only
source "$COMPLETION"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_POINT=${#COMP_LINE}
_rocm_qemu
printf '%s|\n' "${COMPREPLY[@]}"
"""

# What is typed behind the program, up to where TAB is pressed, and all that is offered.
ROWS = {
    SERVER: [
        ("--gpu-", ["--gpu-force ", "--gpu-ready=", "--gpu-wait="]),
        ("--gpu-ready=", ["drm", "kfd", "none", "pci"]),
        ("--gpu-ready ", ["drm", "kfd", "none", "pci"]),
        ("--gpu-ready=n", ["none"]),
        ("--gpu=", ["0000:03:00.0", "10000:c1:00.0", "all", "any", "gfx1030", "none"]),
        ("--gpu=gfx", ["gfx1030"]),
        ("--gpu=0000:03", ["03:00.0"]),
        ("--gpu=0000:", ["03:00.0"]),
        ("--accel=", ["auto", "kvm", "tcg"]),
        ("--boot=", ["auto", "bios", "efi"]),
        ("--boot=efi --warm=o", ["off", "on"]),
        ("--cpus=", []),
        ("-c ", []),
        ("--qemu-architecture=", ["x86_64"]),
        ("--overlay-dir=", ["d.img", "dir"]),
        ("-o di", ["dir"]),
        ("", ["a.img", "b.qcow2", "c.raw", "d.img", "dir"]),
        ("--boot=efi b", ["b.qcow2"]),
        ("--efi ", ["a.img", "b.qcow2", "c.raw", "d.img", "dir"]),
        ("--no-such-option=", []),
        ("-u roo", ["root"]),
    ],
    GPUS: [
        ("", ["list", "quarantine", "release", "reset", "wait"]),
        ("re", ["release", "reset"]),
        ("--json re", ["release", "reset"]),
        ("reset ", ["0000:03:00.0", "10000:c1:00.0", "gfx1030"]),
        ("reset 0000:", ["03:00.0"]),
        ("wait gfx1030 1", ["10000:c1:00.0"]),
        ("list ", []),
        ("--j", ["--json "]),
    ],
    RUN: [
        ("--warm-drop=", [KEY, "all"]),
        ("--warm-lis", ["--warm-list "]),
        ("-d di", ["dir"]),
        ("-s b", ["b.qcow2"]),
    ],
    SETUP: [
        ("--gpu=1", ["10000:c1:00.0"]),
        ("--user=roo", ["root"]),
        ("--warm", []),
        ("--selftest --warm=of", ["off"]),
        ("--amqp-server-file=a", ["a.img"]),
    ],
    CREATE: [
        ("--release", ["--release="]),
        ("--gpu=", ["gfx1030", "none"]),
        ("--boot=b", ["bios", "both"]),
        ("--format=", ["qcow2", "raw"]),
        ("--script=no", ["notes.txt"]),
        ("x/", []),
        ("dir/", ["dir/e.img"]),
    ],
}


def as_readline_has_it(line: str) -> list[str]:
    """Its words: "=" and ":" are words of their own."""
    words = [part for word in line.split() for part in re.findall("[=:]+|[^=:]+", word)]
    return words + [""] if line[-1:] in " =:" else words


def place(scratch: pathlib.Path) -> None:
    """Programs that are asked by others, and files."""
    files = scratch / "files"
    for name in ("dir", "d.img"):
        (files / name).mkdir(parents=True)
    for name in ("a.img", "b.qcow2", "c.raw", "notes.txt", "dir/e.img"):
        (files / name).touch()
    (scratch / "bin").mkdir()
    for name, says in (("rocm-qemu-gpus", TABLE), ("rocm-qemu-run", f'  "key" : "{KEY}",\n')):
        program = scratch / "bin" / name
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{says}END\n")
        program.chmod(0o755)
    (scratch / "bin" / "autopkgtest-virt-qemu-rocm").symlink_to(SERVER)


def offered(scratch: pathlib.Path, line: str) -> list[str]:
    env = os.environ | {"PATH": f"{scratch}/bin:{os.environ['PATH']}", "COMP_LINE": line,
                        "COMPLETION": str(TOP / "data" / "completion" / "rocm-qemu")}
    done = subprocess.run(["bash", "--norc", "-uc", ASK, "bash", *as_readline_has_it(line)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
                          cwd=scratch / "files", check=True)
    return sorted(text for text in done.stdout.replace("\n", "").split("|") if text)


def what_is_typed_is_completed() -> None:
    with temporary_directory() as scratch:
        place(scratch)
        for program, rows in ROWS.items():
            for typed, wanted in rows:
                found = offered(scratch, f"{program} {typed}")
                assert found == wanted, (program, typed, found)


def each_option_of_each_program_is_offered() -> None:
    with temporary_directory() as scratch:
        place(scratch)
        for program in ROWS:
            said = subprocess.run([program, "--help-all"], stdout=subprocess.PIPE, text=True,
                                  check=True).stdout
            options = set(re.findall(r"^ +(?:-\w, )?(--[a-z][a-z0-9-]*)", said, re.MULTILINE))
            found = {text.rstrip(" =") for text in offered(scratch, f"{program} --")}
            assert found == options and len(options) > 2, (program, found ^ options)


def nothing_is_offered_of_what_the_guest_runs() -> None:
    with temporary_directory() as scratch:
        place(scratch)
        assert offered(scratch, f"{RUN} a.img -- --") == []


def bash_is_told_what_to_complete() -> None:
    """Each program that is installed, by name."""
    said = subprocess.run(["bash", "--norc", "-c", 'source "$1"; complete -p', "bash",
                           TOP / "data" / "completion" / "rocm-qemu"], text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    names = {line.split()[-1] for line in said.splitlines() if "_rocm_qemu" in line}
    pages = {path.name.removesuffix(".1.rst") for path in (TOP / "data" / "man").glob("*.rst")}
    assert names == pages | {"autopkgtest-virt-qemu+rocm"}, names ^ pages


def on_a_terminal(scratch: pathlib.Path, keys: str) -> None:
    """What somebody types to an interactive bash, who then leaves it."""
    env = os.environ | {"PATH": f"{scratch}/bin:{os.environ['PATH']}", "TERM": "dumb",
                        "HISTFILE": ""}
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(scratch / "files")
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], env)
    with open(terminal, "r+b", buffering=0) as stream:
        stream.write(f"{keys}\nexit\n".encode())
        with contextlib.suppress(OSError):
            while stream.read(4096):
                pass
    os.waitpid(pid, 0)


def a_person_presses_tab() -> None:
    """A blank comes behind what is complete, and a colon does not disturb."""
    with temporary_directory() as scratch:
        place(scratch)
        program = scratch / "bin" / "autopkgtest-virt-qemu-rocm"
        program.unlink()
        program.write_text(f"#!/bin/sh\ncase $* in --help*) exec {SERVER} \"$@\" ;; esac\n"
                           f"printf '%s\\n' \"$@\" >{scratch}/arguments\n")
        program.chmod(0o755)
        on_a_terminal(scratch, f"source {TOP}/data/completion/rocm-qemu\n{program.name} "
                      "--gpu-re\tk\t--show\t--gpu=0000:\t-o di\t dir/\t\n")
        arguments = (scratch / "arguments").read_text().split("\n")
        assert arguments == ["--gpu-ready=kfd", "--show-boot", "--gpu=0000:03:00.0", "-o", "dir/",
                             "dir/e.img", ""], arguments


run_all([a_person_presses_tab, what_is_typed_is_completed, each_option_of_each_program_is_offered,
         nothing_is_offered_of_what_the_guest_runs, bash_is_told_what_to_complete])
