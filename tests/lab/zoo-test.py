# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab itself: all that the other tests rely on."""

import contextlib
import pathlib
import subprocess

import devices
import lab
import zoo


def devices_are_on_their_drivers() -> None:
    found = {address: devices.driver_of(address) for address in zoo.DRIVERS}
    assert found == zoo.DRIVERS, found
    for address in (zoo.GPU, zoo.SECOND_GPU, zoo.GPU_WITH_NIC):
        assert devices.attribute(address, "vendor") == "0x1002", address
        assert devices.attribute(address, "class") == "0x030000", address
    assert devices.attribute(zoo.OTHER_DISPLAY, "class") == "0x038000"
    assert devices.attribute(zoo.BOOT_DISPLAY, "boot_vga") == "1"
    assert devices.attribute(zoo.GPU, "boot_vga") == "0"


def groups_are_those_of_the_slots() -> None:
    assert devices.members(devices.group_of(zoo.GPU)) == [zoo.GPU, zoo.AUDIO]
    for address in (zoo.SECOND_GPU, zoo.OTHER_DISPLAY):
        assert devices.members(devices.group_of(address)) == [address]
    shared = devices.members(devices.group_of(zoo.NIC))
    assert {zoo.EDU, zoo.NIC, zoo.GPU_WITH_NIC} < set(shared), shared


def a_group_is_held_once() -> None:
    node = f"/dev/vfio/{devices.group_of(zoo.SECOND_GPU)}"
    with devices.bound(zoo.SECOND_GPU, "vfio-pci"):
        with devices.held(zoo.SECOND_GPU):
            assert len(devices.holders(node)) == 1
            assert lab.state()["groups held"] == [node]
            try:
                open(node, "rb+", buffering=0).close()
            except OSError as error:
                assert error.strerror == "Device or resource busy", error
            else:
                raise AssertionError("two have it open")
        assert not devices.holders(node)
    assert devices.driver_of(zoo.SECOND_GPU) == "aty128fb"


def a_removed_device_comes_back() -> None:
    with devices.gone(zoo.SECOND_GPU):
        assert zoo.SECOND_GPU not in devices.drivers()
    assert devices.driver_of(zoo.SECOND_GPU) == "aty128fb"


def a_module_can_be_missing() -> None:
    subprocess.run(["modprobe", "vfio-pci"], check=True)
    with devices.without_module("vfio-pci"):
        assert not devices.is_loaded("vfio-pci")
        with contextlib.suppress(subprocess.CalledProcessError):
            devices.bind(zoo.SECOND_GPU, "vfio-pci")
            raise AssertionError("it was loaded")
        devices.bind(zoo.SECOND_GPU, "aty128fb")
    subprocess.run(["modprobe", "vfio-pci"], check=True)


def what_a_test_leaves_is_noticed() -> None:
    before = lab.state()
    assert lab.difference(before, lab.state()) == ""
    with devices.bound(zoo.SECOND_GPU, None):
        assert zoo.SECOND_GPU in lab.difference(before, lab.state())
    left = pathlib.Path("/tmp/left")
    left.touch()
    assert str(left) in lab.difference(before, lab.state())
    left.unlink()
    lab.LEASES.mkdir(exist_ok=True)
    lease = lab.LEASES / "test"
    with subprocess.Popen(["flock", lease, "sh", "-c", "echo held; read wait"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert lab.held_leases() == [str(lease)]
        holder.communicate(b"\n")
    assert not lab.held_leases()
    lease.unlink()


def kvm_works() -> None:
    assert "svm" in pathlib.Path("/proc/cpuinfo").read_text()
    assert pathlib.Path("/dev/kvm").exists()


@lab.limits(iommu=False)
def without_an_iommu_there_are_no_groups() -> None:
    assert not list(pathlib.Path("/sys/kernel/iommu_groups").iterdir())
    assert devices.driver_of(zoo.GPU) == "aty128fb"


TESTS = [
    devices_are_on_their_drivers,
    groups_are_those_of_the_slots,
    a_group_is_held_once,
    a_removed_device_comes_back,
    a_module_can_be_missing,
    what_a_test_leaves_is_noticed,
    kvm_works,
    without_an_iommu_there_are_no_groups,
]
