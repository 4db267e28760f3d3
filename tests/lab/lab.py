# SPDX-License-Identifier: GPL-2.0-or-later
"""For the tests of the lab, in L1. A test is a function in the list TESTS of a file
*-test.py, perhaps with @lab.limits() above it. After each, L1 must be as it was."""

import contextlib
import dataclasses
import os
import pathlib
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence

from devices import drivers, holders
from pulse import Pulse
from server import Server, Skipped

LEASES = pathlib.Path("/run/lock/rocm-gpu")
TEST_SECONDS = 180
SKIPPED = 77

# L2 needs little, and boots in its initramfs: in 14 s where nothing else works.
L2 = ("--boot=bios", "--cpus=1", "--ram-size=256", "--timeout-reboot=120")
L2_QEMU = "/lab/source/tests/lab/l2-qemu"


# --- what a test wants of its L1 ------------------------------------------------


@dataclasses.dataclass
class Limits:
    """seconds: how long it may take; iommu: whether L1 is booted with one; long: it is not run
    for each change."""
    seconds: float = TEST_SECONDS
    iommu: bool = True
    long: bool = False


def limits(**wanted) -> Callable:
    def decorate(test: Callable) -> Callable:
        test.limits = Limits(**wanted)
        return test
    return decorate


def limits_of(test: Callable) -> Limits:
    return getattr(test, "limits", Limits())


# --- the state of L1 --------------------------------------------------------------


def programs(name: str) -> list[int]:
    """The processes whose program begins with that name; zombies are none."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.path.basename(os.readlink(process / "exe")).startswith(name):
                found.append(int(process.name))
    return sorted(found)


def held_leases() -> list[str]:
    """The files of the leases that somebody has locked."""
    if not LEASES.is_dir():
        return []
    inodes = {line.split()[5].split(":")[2] if line.split()[1] != "->" else ""
              for line in pathlib.Path("/proc/locks").read_text().splitlines()}
    return sorted(str(path) for path in LEASES.rglob("*") if str(path.stat().st_ino) in inodes)


def temporary_files() -> list[str]:
    places = ("/tmp", "/var/tmp", "/dev/shm")
    return sorted(str(path) for place in places for path in pathlib.Path(place).iterdir())


def state() -> dict[str, object]:
    return {
        "drivers": drivers(),
        "QEMU": programs("qemu-system"),
        "libvirtd": programs("libvirtd"),
        "server": programs("autopkgtest-virt"),
        "keeper": programs("rocm-gpu-keeper"),
        "leases held": held_leases(),
        "groups held": [str(path) for path in pathlib.Path("/dev/vfio").glob("[0-9]*")
                        if holders(str(path))],
        "files": temporary_files(),
    }


def difference(before: dict[str, object], after: dict[str, object]) -> str:
    found = []
    for what, value in before.items():
        if isinstance(value, dict):
            changed = {key: f"{value.get(key)} -> {after[what].get(key)}"
                       for key in value | after[what] if value.get(key) != after[what].get(key)}
            found += [f"{what}: {changed}"] if changed else []
        elif value != after[what]:
            found.append(f"{what}: {value} -> {after[what]}")
    return "; ".join(found)


# --- our server -------------------------------------------------------------------


@contextlib.contextmanager
def testbed(*options: str, drivers_in_l2: bool = True, qemu: str = "", user: str | None = None,
            through: Sequence[str] = (), shared_tmp: str | None = None, by_options: bool = True,
            **more) -> Iterator[Server]:
    """The server with L2 as its image; see Server. qemu: more options for QEMU; user: who
    runs it ("user" is an ordinary one, and may use KVM). shared_tmp: a TMPDIR that others
    have, too. A daemon's QEMU, which is libvirt-qemu's, passes through its TMPDIR.
    by_options: L2 gets into QEMU by options; otherwise by a QEMU that has it in itself."""
    config = "/lab/l2/l2.cfg" if drivers_in_l2 else "/lab/l2/no-drivers.cfg"
    tmp = shared_tmp or tempfile.mkdtemp(prefix="aqr-lab.")
    os.chmod(tmp, 0o755)
    if user is not None:
        shutil.chown(tmp, user, user)
        through = [*through, "setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups",
                   "--", "env", f"HOME=/home/{user}", f"USER={user}"]
    try:
        l2 = (f"--qemu-options=-readconfig {config} {qemu}" if by_options
              else f"--qemu-command={L2_QEMU}")
        with Server(*L2, l2, *options,
                    through=through, tmp=tmp, **more) as server:
            yield server
    finally:
        if shared_tmp is None:
            shutil.rmtree(tmp, ignore_errors=True)


# --- running a test ---------------------------------------------------------------


class TookTooLong(BaseException):
    """Nothing in a test is to catch it by accident."""


def give_up(*_) -> None:
    raise TookTooLong


def run_test(module, name: str) -> int:
    """One test of a file, with its result in a line; 0, 1, or 77 if it was skipped."""
    test = next(test for test in module.TESTS if test.__name__ == name)
    with Pulse() as pulse:
        status = run_watched(test)
        if status not in (0, SKIPPED):
            print(pulse.text())
    return status


def run_watched(test: Callable) -> int:
    name = test.__name__
    before = state()
    start = time.monotonic()
    signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limits_of(test).seconds)
    try:
        test()
        signal.setitimer(signal.ITIMER_REAL, 0)
        changed = difference(before, state())
        assert not changed, f"L1 is not as it was: {changed}"
    except Skipped as reason:
        print(f"skip  {name}: {reason}")
        return SKIPPED
    except TookTooLong:
        traceback.print_exc()
        print(f"FAIL  {name}: not within {limits_of(test).seconds:.0f} s")
        return 1
    except BaseException as error:  # pylint: disable=broad-except
        signal.setitimer(signal.ITIMER_REAL, 0)
        traceback.print_exc()
        print(f"FAIL  {name}: {type(error).__name__}: {error}")
        return 1
    print(f"ok    {name} ({time.monotonic() - start:.1f} s)")
    return 0
