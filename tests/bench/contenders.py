# SPDX-License-Identifier: GPL-2.0-or-later

"""The two servers: how each is started, and what it leaves behind."""

import dataclasses
import os
import signal
import time
from pathlib import Path
from typing import Optional

STOCK = "/usr/bin/autopkgtest-virt-qemu"
SERVER = "virt/autopkgtest-virt-qemu-rocm"
LIBEXEC = ("virt/rocm-testbed-exec", "helpers/agent/rocm-testbed-agent")

BOOT_SECONDS = 300
COPY_SECONDS = 300
GRACE = 3.0  # for processes that are on their way out

# The stock server takes KVM wherever there is a /dev/kvm. It tells the
# architecture by the command's name, which must therefore be QEMU's own. SMM is
# off with us too: GRUB crawls with it under TCG.
QEMU_WRAPPER = """\
#!/bin/bash
args=()
while [ $# -gt 0 ]; do
    case $1 in
        -enable-kvm) ;;
        -cpu) shift ;;
        q35) args+=("q35,smm=off") ;;
        *) args+=("$1") ;;
    esac
    shift
done
exec /usr/bin/qemu-system-x86_64 -accel tcg -cpu max "${args[@]}"
"""


@dataclasses.dataclass(frozen=True)
class Machine:
    """The VM, which is the same for both."""

    image: Path
    cpus: int
    ram: int  # MiB
    boot: str


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    argv: list[str]
    env: dict[str, str]
    tmp: Path  # its own TMPDIR: by this name its processes are known
    is_stock: bool = False
    warm: Optional["Contender"] = None  # the same with warm testbeds; None: it has none

    @property
    def best(self) -> "Contender":
        """As its user would have it."""
        return self.warm or self

    @property
    def log(self) -> Path:
        return self.tmp.with_suffix(".log")


def vm_options(machine: Machine) -> list[str]:
    return [
        f"--cpus={machine.cpus}",
        f"--ram-size={machine.ram}",
        f"--boot={machine.boot}",
        f"--timeout-reboot={BOOT_SECONDS}",
        str(machine.image),
    ]


def environment(tmp: Path) -> dict[str, str]:
    tmp.mkdir()
    tmp.chmod(0o711)  # QEMU may run as another user
    return {
        **os.environ,
        "TMPDIR": str(tmp),
        "AUTOPKGTEST_VIRT_COPY_TIMEOUT": str(COPY_SECONDS),
    }


def stock(machine: Machine, work: Path) -> Contender:
    wrapper = work / "qemu-system-x86_64"
    wrapper.write_text(QEMU_WRAPPER)
    wrapper.chmod(0o755)
    argv = [STOCK, f"--qemu-command={wrapper}", *vm_options(machine)]
    return Contender("stock", argv, environment(work / "s"), work / "s", is_stock=True)


def ours(machine: Machine, work: Path, build: Path) -> Contender:
    libexec = work / "libexec"
    libexec.mkdir()
    for program in LIBEXEC:
        (libexec / Path(program).name).symlink_to(build / program)
    argv = [str(build / SERVER), "--accel=tcg", "--gpu=none", *vm_options(machine)]
    env = {**environment(work / "o"), "AQR_LIBEXEC_DIR": str(libexec), "AQR_WARM": "off"}
    (work / "warm").mkdir(mode=0o700)
    warm = {**env, "AQR_WARM": "on", "AQR_WARM_DIR": str(work / "warm")}
    tmp = work / "o"
    return Contender("ours", argv, env, tmp, warm=Contender("ours, warm", argv, warm, tmp))


# --- what is left behind -------------------------------------------------------


def read_words(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().split(b"\0")
    except OSError:
        return []  # it has ended, or is another user's


def belongs_to(process: Path, tmp: Path) -> bool:
    """libvirt hands TMPDIR on to QEMU; and a daemon's QEMU has our sockets' paths."""
    name = os.fsencode(tmp)
    if b"TMPDIR=" + name in read_words(process / "environ"):
        return True
    return any(name + b"/" in word for word in read_words(process / "cmdline"))


def find_processes(tmp: Path) -> dict[int, str]:
    found = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and belongs_to(process, tmp):
            words = read_words(process / "cmdline")
            found[int(process.name)] = os.path.basename(os.fsdecode(words[0] if words else b"?"))
    found.pop(os.getpid(), None)
    return found


def wait_no_processes(tmp: Path) -> dict[int, str]:
    deadline = time.monotonic() + GRACE
    while (found := find_processes(tmp)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def sweep(contender: Contender) -> list[str]:
    """Kills and names what the server left running, and names the files it left."""
    left = []
    for pid, name in wait_no_processes(contender.tmp).items():
        left.append(f"process {name}")
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    wait_no_processes(contender.tmp)
    return left + [f"file {path.name}" for path in sorted(contender.tmp.iterdir())]
