# SPDX-License-Identifier: GPL-2.0-or-later
"""A testbed with a GPU: bound, seen in the guest, given back to the drivers that it had,
whatever happens to it, to QEMU or to the server in between."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import daemon
import devices
import lab
import zoo
from server import temporary_directory, wait_for

# What stands in for a GPU has no driver that computes on it.
READY = "--gpu-ready=pci"

# It has none that hangs, either. Evidence of that is said, whether it is kept or not.
HANG = "amdgpu 0000:01:00.0: amdgpu: GPU reset begin!"
SAYS = "the GPU hung, as the guest's kernel says: "

# In the guest: each function of vendor 1002 with its driver, by the path to its bus.
SHOW = ("for d in /sys/bus/pci/devices/*; do [ $(cat $d/vendor) = 0x1002 ] || continue; "
        "echo $(readlink -f $d) $(cat $d/device) "
        "$(basename $(readlink $d/driver || echo none)); done")


def gpu_testbed(*options: str, gpu: str = zoo.GPU, **more):
    return lab.testbed(f"--gpu={gpu}", READY, *options, **more)


def expect_refused(server, *words: str, seconds: float = 60) -> None:
    """Before the greeting, or when it is to open."""
    line = server.read_line(seconds)
    if line == "ok":
        assert server.ask("open", seconds=seconds) == "", server.stderr()
    assert server.wait(30) != 0
    for word in words:
        assert word in server.stderr(), (word, server.stderr())


def expect_given_back() -> None:
    assert devices.driver_of(zoo.GPU) == "aty128fb", devices.drivers()
    assert devices.driver_of(zoo.AUDIO) == "snd_hda_intel", devices.drivers()
    assert not lab.held_leases()


# --- the good case ----------------------------------------------------------------


def look_at_it(server) -> None:
    """Alone in its slot, on a root port of its own, with BARs that can be read."""
    seen = server.sh(SHOW).split("\n")[:-1]
    assert len(seen) == 1, seen
    path, device, driver = seen[0].split()
    assert (device, driver) == ("0x5046", "aty128fb"), (seen, server.sh("dmesg | tail -n 20"))
    assert path.endswith(".0") and path.count("/") == 5, path
    port = path.rsplit("/", 1)[0]
    assert server.sh(f"cat {port}/class") == "0x060400\n"
    assert server.sh(f"ls -d {port}/0000:*.?") == f"{path}\n"
    assert len(server.run("dd", "if=/dev/fb0", "bs=4096", "count=1").stdout) == 4096
    rom = server.run("sh", "-c", f"echo 1 >{path}/rom && head -c 2 {path}/rom").stdout
    assert rom == b"\x55\xaa", rom


@lab.limits(seconds=240)
def it_goes_to_the_guest_and_back() -> None:
    with gpu_testbed() as server:
        server.open()
        assert devices.driver_of(zoo.GPU) == devices.driver_of(zoo.AUDIO) == "vfio-pci"
        assert lab.held_leases()
        look_at_it(server)
        server.sh(f"echo '<3>{HANG}' >/dev/kmsg")
        server.take_open("revert")
        assert server.stderr().count(SAYS) == 1, server.stderr()
        look_at_it(server)
        assert server.ask("close") == "ok"
        assert server.stderr().count(SAYS) == 1, server.stderr()
        expect_given_back()
        assert "powered itself off" in server.stderr(), server.stderr()
        assert server.quit() == 0, server.stderr()


@lab.limits(seconds=240)
def it_is_told_of_when_all_is_over() -> None:
    with temporary_directory() as here, gpu_testbed(f"--artifacts={here}") as server:
        server.open()
        server.sh(f"echo '<3>{HANG}' >/dev/kmsg")
        assert server.quit() == 0, server.stderr()
        assert server.stderr().count(SAYS) == 1, server.stderr()
        kept = here / "testbed"
        timeline = {event["event"]: event for event in json.loads(
            (kept / "timeline.json").read_text())}
        assert list(timeline)[:2] == ["open-begin", "gpu-lease"], timeline
        assert timeline["gpu-lease"]["gpus"][0]["address"] == zoo.GPU, timeline
        (seen,) = timeline["gpu-ready"]["gpus"]
        assert seen["driver"] == "aty128fb" and seen["address"].endswith(".0"), timeline
        assert HANG in timeline["gpu-trouble"]["message"], timeline
        assert list(timeline)[-3:] == ["vm-end", "gpu-return", "close"], timeline
        gpus = json.loads((kept / "gpus.json").read_text())
        assert gpus["when"] == "after VM 1" and gpus["gpus"][0]["quarantine"] is None, gpus
        assert gpus["gpus"][0]["trouble"] is None, gpus
        assert [function["address"] for function in gpus["gpus"][0]["functions"]] == [
            zoo.GPU, zoo.AUDIO]
        assert HANG in (kept / "guest-kernel.log").read_text()
        assert "vfio" in (kept / "host-kernel.log").read_text()


@lab.limits(long=True)
def any_gpu_is_one_that_can_be_passed() -> None:
    """Two of the three; the third shares its group with a network card."""
    with gpu_testbed(gpu="any") as one, gpu_testbed(gpu="any") as other:
        one.open()
        other.open()
        assert devices.driver_of(zoo.GPU) == devices.driver_of(zoo.SECOND_GPU) == "vfio-pci"
        with gpu_testbed(gpu="any") as third:
            expect_refused(third, "in use", "--gpu-wait", zoo.GPU, zoo.SECOND_GPU)
        assert one.quit() == 0 and other.quit() == 0


def both_go_to_one_guest() -> None:
    with gpu_testbed(gpu="all") as server:
        server.open()
        assert len(server.sh(SHOW).splitlines()) == 2
        assert server.quit() == 0, server.stderr()


@lab.limits(long=True)
def one_on_vfio_stays_there() -> None:
    with devices.bound(zoo.GPU, "vfio-pci"), devices.bound(zoo.AUDIO, "vfio-pci"):
        with gpu_testbed() as server:
            server.open()
            look_at_it(server)
            assert server.quit() == 0, server.stderr()
        assert devices.driver_of(zoo.GPU) == devices.driver_of(zoo.AUDIO) == "vfio-pci"


@lab.limits(long=True)
def a_daemon_does_it_too() -> None:
    with daemon.libvirtd() as libvirt, gpu_testbed(f"--connect={libvirt.uri}") as server:
        server.open()
        look_at_it(server)
        assert server.quit() == 0, server.stderr()
        expect_given_back()


# --- two want one -----------------------------------------------------------------


@lab.limits(seconds=240, long=True)
def the_second_waits_and_gets_it() -> None:
    with gpu_testbed() as one, gpu_testbed("--gpu-wait=120") as other:
        one.open()
        with gpu_testbed() as third:
            expect_refused(third, zoo.GPU, f"pid {one.process.pid}", "--gpu-wait")
        other.greet()
        other.write_line("open")
        wait_for(lambda: "waiting for a GPU" in other.stderr(), 30, "a word of the second")
        one.take_open("revert")  # keeps it
        assert devices.driver_of(zoo.GPU) == "vfio-pci"
        assert one.ask("close") == "ok"
        assert other.read_line(90).startswith("ok "), other.stderr()
        other.learn_execute_command()
        look_at_it(other)
        assert one.quit() == 0 and other.quit() == 0


def waiting_is_bounded_and_can_be_stopped() -> None:
    with gpu_testbed() as one:
        one.open()
        with gpu_testbed("--gpu-wait=2") as other:
            start = time.monotonic()
            expect_refused(other, "after 2 s", f"pid {one.process.pid}")
            assert time.monotonic() - start < 15
        with gpu_testbed("--gpu-wait=600") as other:
            other.greet()
            other.write_line("open")
            wait_for(lambda: "waiting for a GPU" in other.stderr(), 30, "a word of the second")
            other.process.terminate()
            assert other.wait(10) == -signal.SIGTERM
        assert one.quit() == 0


# --- what cannot be had -----------------------------------------------------------


def what_cannot_be_passed_is_named() -> None:
    for gpu, words in (
            ("09:00.0", ("0000:09:00.0",)),
            (zoo.OTHER_DISPLAY, (zoo.OTHER_DISPLAY, "1234")),
            (zoo.NIC, (zoo.NIC, "network")),
            (zoo.AUDIO, (zoo.AUDIO, zoo.GPU)),
            (zoo.GPU_WITH_NIC, (zoo.GPU_WITH_NIC, zoo.NIC, "network", "e1000")),
            ("gfx1030", ("gfx1030",))):
        with gpu_testbed(gpu=gpu) as server:
            start = time.monotonic()
            expect_refused(server, *words)
            assert time.monotonic() - start < 10


@lab.limits(iommu=False)
def without_an_iommu_it_says_so() -> None:
    with gpu_testbed() as server:
        expect_refused(server, "IOMMU")
    with lab.testbed("--gpu=none") as server:
        server.open()
        assert server.quit() == 0


@contextlib.contextmanager
def modprobe_rule(text: str) -> Iterator[None]:
    file = pathlib.Path("/run/modprobe.d/vfio-test.conf")
    subprocess.run(["modprobe", "-r", "vfio-pci", "vfio_iommu_type1", "vfio"], check=True)
    file.write_text(text)
    try:
        yield
    finally:
        file.unlink()


def without_the_modules_it_says_so() -> None:
    for rule, word in (("install vfio-pci /bin/false\n", "vfio-pci"),
                       ("blacklist vfio-pci\n", "vfio-pci"),
                       ("install vfio_iommu_type1 /bin/false\n", "vfio_iommu_type1")):
        with modprobe_rule(rule), gpu_testbed() as server:
            expect_refused(server, word)
        expect_given_back()


HOLD = "import os, sys; f = os.open(sys.argv[1], os.O_RDWR); print(f, flush=True); sys.stdin.read()"


def what_somebody_else_has_is_left_alone() -> None:
    """Another QEMU, or whatever does not ask us."""
    with devices.bound(zoo.GPU, "vfio-pci"), devices.bound(zoo.AUDIO, "vfio-pci"):
        node = f"/dev/vfio/{devices.group_of(zoo.GPU)}"
        wait_for(pathlib.Path(node).exists, 10, node)
        with subprocess.Popen([sys.executable, "-c", HOLD, node], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as holder:
            assert holder.stdout.readline()
            with gpu_testbed() as server:
                expect_refused(server, zoo.GPU, f"pid {holder.pid}")
            assert devices.holders(node) == [holder.pid]
            holder.stdin.close()


@lab.limits(seconds=600)
def not_ready_is_a_failure_of_the_testbed() -> None:
    """Whether its driver cannot compute, or there is none."""
    for ready, drivers, words in (("kfd", True, "its driver is aty128fb, not amdgpu"),
                                  ("drm", True, "aty128fb"),
                                  ("drm", False, "no driver took it")):
        with temporary_directory() as here, lab.testbed(
                f"--gpu={zoo.GPU}", f"--gpu-ready={ready}", "--timeout-reboot=80",
                f"--artifacts={here}", drivers_in_l2=drivers) as server:
            expect_refused(server, zoo.GPU, words, seconds=240)
            timeline = json.loads((here / "testbed" / "timeline.json").read_text())
        waited, = (event for event in timeline if event["event"] == "gpu-ready")
        assert words in waited["error"] and waited["duration"] < 100, timeline
        expect_given_back()
    listed = run("rocm-qemu-gpus", "list")
    assert listed.count("1 failure in a row: ") == 1, listed  # the one that had its driver
    run("rocm-qemu-gpus", "release", zoo.GPU)
    assert "in a row" not in run("rocm-qemu-gpus", "list")


# --- what dies --------------------------------------------------------------------


def a_gpu_that_leaves_is_noticed() -> None:
    """Nobody speaks with the guest then: the power button is all that ends it in order."""
    with gpu_testbed(gpu=zoo.SECOND_GPU) as server:
        server.open()
        command = server.begin("sleep", "1000")
        (devices.DEVICES / zoo.SECOND_GPU / "remove").write_text("1")
        assert command.wait(30) == 255, server.stderr()
        assert server.run("true").returncode == 255
        assert "GPU" in server.stderr(), server.stderr()
        assert server.ask("close") == "ok"
        assert "powered itself off" in server.stderr(), server.stderr()
        assert devices.driver_of(zoo.SECOND_GPU) == "aty128fb", server.stderr()
        assert server.quit() == 0, server.stderr()


@lab.limits(long=True)
def a_killed_qemu_gives_it_back() -> None:
    for by in (contextlib.nullcontext(), daemon.libvirtd()):
        with by as libvirt:
            with gpu_testbed(*([f"--connect={libvirt.uri}"] if libvirt else [])) as server:
                server.open()
                command = server.begin("sleep", "1000")
                qemus = lab.programs("qemu-system")
                assert len(qemus) == 1, qemus
                os.kill(qemus[0], signal.SIGKILL)
                assert command.wait(30) == 255
                assert server.ask("close") == "ok"
                expect_given_back()
                assert server.quit() == 0, server.stderr()


def expect_kept(*options: str) -> None:
    """The guest has time to power itself off; only then is the GPU free for others. The
    next server, which looks for what killed ones have left, lets it."""
    with temporary_directory() as tmp:
        with gpu_testbed(*options, accept_leftovers=True, shared_tmp=str(tmp)) as server:
            server.open()
            server.process.kill()
            server.wait(10)
            with gpu_testbed("--gpu-wait=150", accept_leftovers=True,
                             shared_tmp=str(tmp)) as other:
                other.open()
                look_at_it(other)
                assert other.quit() == 0, other.stderr()
            expect_given_back()
            assert not lab.programs("qemu-system")


def a_killed_server_gives_it_back() -> None:
    expect_kept()


@lab.limits(long=True)
def a_killed_server_with_a_daemon_gives_it_back() -> None:
    with daemon.libvirtd() as libvirt:
        expect_kept(f"--connect={libvirt.uri}")


# --- not root ---------------------------------------------------------------------

ENOUGH = 8 << 30  # bytes


@contextlib.contextmanager
def as_user(memlock: int = ENOUGH) -> Iterator[lab.Server]:
    """As an ordinary user, with a libvirtd of his own."""
    with gpu_testbed("--connect=qemu:///session", user="user",
                     through=("prlimit", f"--memlock={memlock}")) as server:
        try:
            yield server
        finally:
            if server.process.poll() is None:
                server.process.terminate()
                server.wait()
            for pid in lab.programs("libvirtd"):
                os.kill(pid, signal.SIGTERM)
            wait_for(lambda: not lab.programs("libvirtd"), 30, "the end of the user's libvirtd")


@lab.limits(seconds=300)
def a_user_needs_them_bound_open_and_locked() -> None:
    subprocess.run(["modprobe", "vfio-pci"], check=True)
    with as_user() as server:
        expect_refused(server, zoo.GPU, "vfio-pci")
    with devices.bound(zoo.GPU, "vfio-pci"), as_user() as server:
        expect_refused(server, zoo.AUDIO, "vfio-pci")
    with devices.bound(zoo.GPU, "vfio-pci"), devices.bound(zoo.AUDIO, "vfio-pci"):
        node = f"/dev/vfio/{devices.group_of(zoo.GPU)}"
        wait_for(pathlib.Path(node).exists, 10, node)
        with as_user() as server:
            expect_refused(server, node)
        shutil.chown(node, "user")
        with as_user(65536) as server:
            expect_refused(server, "memlock")
        with as_user() as server:
            server.open()
            look_at_it(server)
            assert server.quit() == 0, server.stderr()


# --- the other programs -----------------------------------------------------------


def run(*words: str, status: int = 0) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == status, (words, done)
    return done.stdout + done.stderr


def gpus_are_looked_after() -> None:
    report = json.loads(run("rocm-qemu-gpus", "list", "--json"))
    states = {gpu["address"]: gpu for gpu in report["gpus"]}
    assert {address: gpu["state"] for address, gpu in states.items()} == {
        zoo.GPU: "free", zoo.SECOND_GPU: "free", zoo.GPU_WITH_NIC: "unpassable"}, report
    assert [part["address"] for part in states[zoo.GPU]["functions"]] == [zoo.GPU, zoo.AUDIO]
    assert zoo.NIC in [part["address"] for part in states[zoo.GPU_WITH_NIC]["foreign"]]
    run("rocm-qemu-gpus", "quarantine", zoo.SECOND_GPU, "it", "smells")
    assert "it smells" in run("rocm-qemu-gpus", "list")
    with gpu_testbed(gpu=zoo.SECOND_GPU) as server:
        expect_refused(server, zoo.SECOND_GPU, "it smells", "rocm-qemu-gpus release")
    run("rocm-qemu-gpus", "release", zoo.SECOND_GPU)
    assert run("rocm-qemu-gpus", "wait", "--timeout=5", zoo.SECOND_GPU) == f"{zoo.SECOND_GPU}\n"
    assert zoo.EDU in run("rocm-qemu-gpus", "reset", zoo.GPU_WITH_NIC, status=1)  # and a NIC
    assert devices.driver_of(zoo.NIC) == "e1000"
    assert "aty128fb" in run("rocm-qemu-gpus", "reset", zoo.SECOND_GPU, status=1)
    with devices.bound(zoo.SECOND_GPU, "vfio-pci"):
        assert "is well" in run("rocm-qemu-gpus", "reset", zoo.SECOND_GPU)
        assert devices.driver_of(zoo.SECOND_GPU) == "vfio-pci"


@lab.limits(seconds=420, long=True)
def the_selftest_passes() -> None:
    """All the way of a GPU, and the report of it."""
    with temporary_directory() as tmp, temporary_directory() as kept:
        report = run("env", f"TMPDIR={tmp}", f"AQR_ARTIFACTS={kept}", "rocm-qemu-setup",
                     "--selftest", "--rounds=1", *lab.L2, f"--qemu-command={lab.L2_QEMU}",
                     f"--gpu={zoo.GPU}", READY, "--warm=on", f"--warm-dir={tmp}/pairs",
                     "/lab/l2/disk")
        assert [path.name for path in tmp.iterdir()] == ["pairs"]
        assert json.loads((kept / "testbed" / "timeline.json").read_text())[-1]["event"] == "close"
    for words in (": passed", "| 1 | check, bind and start |", "| 1 | boot |", "| 1 | reset |",
                  "| 1 | as before |", "| 2 | save it |", "| 2 | restore a saved VM |",
                  "| 2 | check, bind and plug in |", "| 2 | reset |", "| 2 | as before |",
                  zoo.GPU, "0x5046"):
        assert words in report, (words, report)
    expect_given_back()


def the_host_is_judged() -> None:
    report = json.loads(run("rocm-qemu-setup", "--json", status=1))  # too little memory
    found = {finding["id"]: finding["severity"] for finding in report["findings"]
             if finding["id"].startswith("machine.")}
    assert (found["machine.gpus"], found["machine.iommu"], found["machine.memory"]) == (
        "pass", "pass", "fail"), report


TESTS = [
    it_goes_to_the_guest_and_back, it_is_told_of_when_all_is_over,
    any_gpu_is_one_that_can_be_passed, both_go_to_one_guest, one_on_vfio_stays_there, a_daemon_does_it_too, the_second_waits_and_gets_it,
    waiting_is_bounded_and_can_be_stopped, what_cannot_be_passed_is_named,
    without_the_modules_it_says_so, what_somebody_else_has_is_left_alone,
    not_ready_is_a_failure_of_the_testbed, a_gpu_that_leaves_is_noticed,
    a_killed_qemu_gives_it_back, a_killed_server_gives_it_back,
    a_killed_server_with_a_daemon_gives_it_back,
    a_user_needs_them_bound_open_and_locked,
    gpus_are_looked_after, the_selftest_passes, the_host_is_judged, without_an_iommu_it_says_so,
]
