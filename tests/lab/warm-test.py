# SPDX-License-Identifier: GPL-2.0-or-later
"""L2 is saved without a GPU, and restored for each testbed; the GPU is plugged into it then,
with all that has to be done around that."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Iterator

import daemon
import devices
import lab
import zoo
from server import Server, temporary_directory, wait_for

READY = "--gpu-ready=pci"

# In the guest: each function of vendor 1002 with its driver, by the path to its bus; then
# its BARs and its ROM, as first, last and flags.
SHOW = ("for d in /sys/bus/pci/devices/*; do [ $(cat $d/vendor) = 0x1002 ] || continue; "
        "echo $(readlink -f $d) $(cat $d/device) $(basename $(readlink $d/driver || echo none)) "
        "$(head -n 3 $d/resource | cut -d ' ' -f 1); done")
TIMES = 6  # that twenty are no different was shown once; each takes 14 s

# As long as L1 lives, for tests to which it is the same who saved the VM: to boot L2 takes
# longest of all. Others have pairs of their own.
PAIRS = "/run/aqr-pairs"


@contextlib.contextmanager
def own_pairs() -> Iterator[str]:
    """A directory that a daemon's QEMU can pass through."""
    with tempfile.TemporaryDirectory(prefix="aqr-warm.") as name:
        os.chmod(name, 0o755)
        yield f"{name}/pairs"


def testbed(pair_dir: str, *options: str, gpu: str = zoo.GPU, warm: str = "on", **more):
    return lab.testbed(f"--gpu={gpu}", READY, f"--warm={warm}", f"--warm-dir={pair_dir}",
                       "--timeout-poweroff=0", *options, by_options=False, **more)


def files(pair_dir: str) -> list[str]:
    """What is kept there, and since when: a pair that was made anew is another."""
    top = pathlib.Path(pair_dir)
    return sorted(f"{path.relative_to(top)} {path.stat().st_ino} {path.stat().st_size}"
                  for path in top.rglob("*") if path.is_file())


def wait_for_drivers(server: Server, number: int) -> None:
    """A driver's link is there before it is done; the console comes to its screen last."""
    done = "dmesg | grep -c 'frame buffer device on Rage128' || :"
    wait_for(lambda: server.sh(done) == f"{number}\n", 15, "the drivers in L2")


def glance_at(server: Server) -> None:
    """It has its driver, and BARs."""
    wait_for_drivers(server, 1)
    path, *rest = server.sh(SHOW).split()
    assert rest[:2] == ["0x5046", "aty128fb"] and "0x0000000000000000" not in rest[2:], (path, rest)


def look_at(server: Server, number: int = 1) -> None:
    """Each alone on a port of its own, with a driver, and BARs that the driver and we can use."""
    wait_for_drivers(server, number)
    seen = server.sh(SHOW).splitlines()
    assert len(seen) == number, seen
    for line in seen:
        path, device, driver, *bars = line.split()
        assert (device, driver) == ("0x5046", "aty128fb"), line
        assert len(bars) == 3 and all(int(bar, 16) > 0 for bar in bars), line
        assert path.endswith(".0") and path.count("/") == 5, line
        port = path.rsplit("/", 1)[0]
        assert server.sh(f"cat {port}/class; ls -d {port}/0000:*.?") == f"0x060400\n{path}\n"
    for i in range(number):
        assert server.sh(f"printf hello | dd of=/dev/fb{i} bs=5 seek=40000 2>/dev/null; "
                         f"dd if=/dev/fb{i} bs=5 skip=40000 count=1 2>/dev/null") == "hello"


def expect_bound() -> None:
    assert devices.driver_of(zoo.GPU) == devices.driver_of(zoo.AUDIO) == "vfio-pci"
    assert lab.held_leases()


def expect_given_back() -> None:
    assert devices.driver_of(zoo.GPU) == "aty128fb", devices.drivers()
    assert devices.driver_of(zoo.AUDIO) == "snd_hda_intel", devices.drivers()
    assert not lab.held_leases()


def timed(server: Server, command: str) -> float:
    start = time.monotonic()
    server.take_open(command)
    return time.monotonic() - start


# --- again and again --------------------------------------------------------------


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_kib(pid: int) -> int:
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def footprint(pids: list[int]) -> dict[str, object]:
    """What must be the same after each revert."""
    state = lab.state()
    return {
        "drivers": state["drivers"],
        "leases": state["leases held"],
        "groups": state["groups held"],
        "files": state["files"],
        "pairs": files(PAIRS),
        "programs": {name: len(state[name]) for name in ("QEMU", "libvirtd", "server", "keeper")},
        "open files": [open_files(pid) for pid in pids],
    }


def revert_often(server: Server, times: int, more: tuple[int, ...] = ()) -> None:
    pids = [server.process.pid, *more]
    took, before, kib = [], {}, []
    for i in range(times):
        server.sh("[ ! -e /run/trace ]; touch /run/trace")
        took.append(timed(server, "revert"))
        glance_at(server)
        expect_bound()
        if i == 0:  # what is kept for all time is there
            before, kib = footprint(pids), [resident_kib(pid) for pid in pids]
        after = footprint(pids)
        assert not lab.difference(before, after), lab.difference(before, after)
    grown = [resident_kib(pid) - was for pid, was in zip(pids, kib)]
    print(f"      {times} reverts: {sum(took) / times:.1f} s each, {max(took):.1f} s at most; "
          f"grown by {grown} KiB")
    assert max(grown) < 4096, grown
    look_at(server)


def expect_kept(server: Server, *options: str, **more) -> None:
    """Nothing of a killed server keeps the next from the GPU, and from the pair."""
    made = files(PAIRS)
    server.process.kill()
    server.wait(10)
    with testbed(PAIRS, "--gpu-wait=150", *options, accept_leftovers=True, **more) as other:
        other.greet()
        print(f"      open, restored: {timed(other, 'open'):.1f} s")
        look_at(other)
        assert files(PAIRS) == made
        assert other.quit() == 0, other.stderr()
    assert not lab.programs("qemu-system")
    expect_given_back()


@lab.limits(seconds=600)
def it_is_plugged_in_again_and_again() -> None:
    with temporary_directory() as tmp:
        with testbed(PAIRS, accept_leftovers=True, shared_tmp=str(tmp)) as server:
            server.greet()
            print(f"      open, with a VM that is saved first: {timed(server, 'open'):.1f} s")
            look_at(server)
            revert_often(server, TIMES)
            expect_kept(server, shared_tmp=str(tmp))


@lab.limits(seconds=240)
def a_daemon_does_it_too() -> None:
    """With what a server has saved that had libvirt within it."""
    with daemon.libvirtd() as libvirt, temporary_directory() as tmp:
        connect = f"--connect={libvirt.uri}"
        with testbed(PAIRS, connect, accept_leftovers=True, shared_tmp=str(tmp)) as server:
            server.open()
            revert_often(server, 3, (libvirt.process.pid,))
            expect_kept(server, connect, shared_tmp=str(tmp))


def both_are_plugged_into_one_guest() -> None:
    with own_pairs() as pair_dir, testbed(pair_dir, gpu="all") as server:
        server.open()
        look_at(server, 2)
        assert server.quit() == 0, server.stderr()


# --- what goes wrong --------------------------------------------------------------

RULE = pathlib.Path("/run/udev/rules.d/10-rebind.rules")
REBIND = pathlib.Path("/run/rebind")


@contextlib.contextmanager
def audio_taken_away_once() -> Iterator[None]:
    """As soon as libvirt has bound it for the first VM, its own driver gets it again: so the
    GPU's group is not viable any more. The file is the once."""
    RULE.parent.mkdir(exist_ok=True)
    RULE.write_text(f'ACTION=="bind", SUBSYSTEM=="pci", KERNEL=="{zoo.AUDIO}", '
                    f'ENV{{DRIVER}}=="vfio-pci", RUN+="/bin/sh {REBIND}"\n')
    REBIND.write_text(f"rm {REBIND} || exit\n"
                      "cd /sys/bus/pci\n"
                      f"echo {zoo.AUDIO} >drivers/vfio-pci/unbind\n"
                      f"echo snd_hda_intel >devices/{zoo.AUDIO}/driver_override\n"
                      f"echo {zoo.AUDIO} >drivers_probe\n"
                      f"echo >devices/{zoo.AUDIO}/driver_override\n")
    subprocess.run(["udevadm", "control", "--reload"], check=True)
    try:
        yield
        assert not REBIND.exists(), "nobody bound the audio function"
    finally:
        RULE.unlink()
        REBIND.unlink(missing_ok=True)
        subprocess.run(["udevadm", "control", "--reload"], check=True)


@lab.limits(seconds=400, long=True)
def one_that_cannot_be_plugged_in_gets_a_vm_that_boots() -> None:
    """Once; the next time it gets that at once. Who will have nothing less gets an error."""
    with own_pairs() as pair_dir:
        with audio_taken_away_once(), testbed(pair_dir) as server:
            server.greet()
            assert server.ask("open") == ""
            assert server.wait(30) != 0
            for words in (zoo.GPU, "cannot be plugged in", "not viable"):
                assert words in server.stderr(), server.stderr()
        expect_given_back()
        made = files(pair_dir)
        assert made
        with audio_taken_away_once(), testbed(pair_dir, warm="auto") as server:
            server.open()
            look_at(server)
            expect_bound()
            assert "not viable" in server.stderr(), server.stderr()
            assert "did not work" not in server.stderr(), server.stderr()
            assert server.quit() == 0, server.stderr()
        expect_given_back()
        with testbed(pair_dir, warm="auto") as server:
            server.open()
            look_at(server)
            assert "did not work when it was plugged" in server.stderr(), server.stderr()
            assert "not viable" in server.stderr(), server.stderr()
            assert server.quit() == 0, server.stderr()
        assert set(made) <= set(files(pair_dir))
        with testbed(pair_dir) as server:
            server.greet()
            assert server.ask("open") == ""
            assert "did not work when it was plugged" in server.stderr(), server.stderr()


@lab.limits(seconds=240)
def one_that_is_never_ready_is_not_the_fault_of_the_plugging() -> None:
    with testbed(PAIRS, "--gpu-ready=kfd", "--timeout-reboot=80", warm="auto") as server:
        server.greet()
        assert server.ask("open") == "", server.stderr()
        assert server.wait(30) != 0
        assert server.stderr().count("its driver is aty128fb, not amdgpu") == 2, server.stderr()
    expect_given_back()
    assert files(PAIRS) and not any("cold" in file for file in files(PAIRS)), files(PAIRS)
    with testbed(PAIRS) as server:
        server.open()
        look_at(server)
        assert server.quit() == 0, server.stderr()


TESTS = [
    it_is_plugged_in_again_and_again, a_daemon_does_it_too, both_are_plugged_into_one_guest,
    one_that_cannot_be_plugged_in_gets_a_vm_that_boots,
    one_that_is_never_ready_is_not_the_fault_of_the_plugging,
]
