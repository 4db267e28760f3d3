# SPDX-License-Identifier: GPL-2.0-or-later
"""Our server with L2 as its testbed, by KVM, and what L2 makes of a GPU that nobody but
QEMU knows of."""

import os
import time

import daemon
import devices
import lab
import zoo


def use(server: lab.Server) -> None:
    start = time.monotonic()
    server.open()
    print(f"      open: {time.monotonic() - start:.1f} s")
    assert server.sh("cat /sys/devices/system/clocksource/clocksource0/current_clocksource") == (
        "kvm-clock\n")
    assert "0x1002" not in server.sh("cat /sys/bus/pci/devices/*/vendor")
    assert server.run("false").returncode == 1
    assert server.ask("close") == "ok"
    assert server.quit() == 0, server.stderr()


def opens_and_closes() -> None:
    with lab.testbed("--gpu=none") as server:
        use(server)


@lab.limits(long=True)
def powers_itself_off() -> None:
    with lab.testbed("--gpu=none", "--timeout-poweroff=60") as server:
        server.open()
        assert server.ask("close") == "ok"
        assert "guest has powered itself off" in server.stderr()
        assert server.quit() == 0


def opens_by_libvirtd() -> None:
    with daemon.libvirtd() as libvirt:
        with lab.testbed("--gpu=none", f"--connect={libvirt.uri}") as server:
            use(server)
        assert not libvirt.virsh("list", "--all", "--name").split()


def opens_as_an_ordinary_user() -> None:
    with lab.testbed("--gpu=none", user="user") as server:
        server.greet()
        assert os.stat(f"/proc/{server.process.pid}").st_uid == 1000
        server.take_open("open")
        assert server.run("true").returncode == 0
        assert server.quit() == 0, server.stderr()


# libvirt does not know of it, and gives it neither a place nor memory to lock.
GIVEN = {"qemu": f"-device vfio-pci,host={zoo.SECOND_GPU},addr=0x10",
         "through": ["prlimit", "--memlock=-1"]}
GPU_IN_L2 = "cd /sys/bus/pci/devices; cd $(dirname $(grep -l 0x5046 */device)); "


def a_gpu_works_in_l2() -> None:
    """Its driver there reads its registers and its ROM; what is written to its memory can
    be read."""
    with devices.bound(zoo.SECOND_GPU, "vfio-pci"):
        with lab.testbed("--gpu=none", **GIVEN) as server:
            server.open()
            assert server.sh(GPU_IN_L2 + "cat vendor class").split() == ["0x1002", "0x030000"]
            assert server.sh(GPU_IN_L2 + "basename $(readlink driver)") == "aty128fb\n"
            assert server.sh("printf hello >/dev/fb0; head -c 5 /dev/fb0") == "hello"
            assert server.quit() == 0, server.stderr()


def l2_can_be_without_drivers() -> None:
    with devices.bound(zoo.SECOND_GPU, "vfio-pci"):
        with lab.testbed("--gpu=none", drivers_in_l2=False, **GIVEN) as server:
            server.open()
            assert server.sh(GPU_IN_L2 + "cat vendor; ls -d driver /dev/fb0 2>/dev/null || :") == (
                "0x1002\n")
            assert server.quit() == 0, server.stderr()


TESTS = [
    opens_and_closes,
    powers_itself_off,
    opens_by_libvirtd,
    opens_as_an_ordinary_user,
    a_gpu_works_in_l2,
    l2_can_be_without_drivers,
]
