# SPDX-License-Identifier: GPL-2.0-or-later
"""L1's PCI devices and what they are bound to, as sysfs says."""

import contextlib
import os
import pathlib
import subprocess
from collections.abc import Iterator

from server import wait_for

DEVICES = pathlib.Path("/sys/bus/pci/devices")
MODPROBE = pathlib.Path("/run/modprobe.d")


def driver_of(address: str) -> str | None:
    link = DEVICES / address / "driver"
    return link.resolve().name if link.exists() else None


def drivers() -> dict[str, str | None]:
    return {device.name: driver_of(device.name) for device in sorted(DEVICES.iterdir())}


def group_of(address: str) -> int:
    return int((DEVICES / address / "iommu_group").resolve().name)


def members(group: int) -> list[str]:
    return sorted(os.listdir(f"/sys/kernel/iommu_groups/{group}/devices"))


def attribute(address: str, name: str) -> str:
    return (DEVICES / address / name).read_text().strip()


def bind(address: str, driver: str | None) -> None:
    """To that driver and no other; None: to none. The kernel has done it when this
    returns."""
    device = DEVICES / address
    if driver_of(address) is not None:
        (device / "driver/unbind").write_text(address)
    if driver is None:
        return
    subprocess.run(["modprobe", driver.replace("-", "_")], check=True)
    (device / "driver_override").write_text(driver)
    pathlib.Path("/sys/bus/pci/drivers_probe").write_text(address)
    (device / "driver_override").write_text("\n")
    assert driver_of(address) == driver, f"{address} is on {driver_of(address)}"


@contextlib.contextmanager
def bound(address: str, driver: str | None) -> Iterator[None]:
    """On that driver for a while; then back on its own, whatever it is on by then."""
    before = driver_of(address)
    bind(address, driver)
    try:
        yield
    finally:
        if driver_of(address) != before:
            bind(address, before)


def holders(path: str) -> list[int]:
    """The processes that have a file open, such as /dev/vfio/8."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(os.readlink(fd) == path for fd in (process / "fd").iterdir()):
                found.append(int(process.name))
    return found


# --- what goes wrong with them ----------------------------------------------------


@contextlib.contextmanager
def held(address: str) -> Iterator[None]:
    """By this process, which libvirt does not know: the device's group is open. All of
    the group has to be on vfio-pci."""
    node = pathlib.Path(f"/dev/vfio/{group_of(address)}")
    wait_for(node.exists, 10, str(node))
    with node.open("rb+", buffering=0):
        yield


@contextlib.contextmanager
def gone(address: str) -> Iterator[None]:
    """Taken off its bus; then found again, by a driver too. While a QEMU that is paused
    has it, this waits for QEMU."""
    driver = driver_of(address)
    remove(address)
    try:
        yield
    finally:
        rescan()
        if driver_of(address) != driver:
            bind(address, driver)


def remove(address: str) -> None:
    (DEVICES / address / "remove").write_text("1")


def rescan() -> None:
    pathlib.Path("/sys/bus/pci/rescan").write_text("1")


@contextlib.contextmanager
def without_module(module: str) -> Iterator[None]:
    """Unloaded, and modprobe fails for it: as if the kernel had none."""
    rule = MODPROBE / f"no-{module}.conf"
    subprocess.run(["modprobe", "--remove", module], check=True)
    rule.write_text(f"install {module} /bin/false\n")
    try:
        yield
    finally:
        rule.unlink()


def is_loaded(module: str) -> bool:
    return pathlib.Path("/sys/module", module.replace("-", "_")).exists()
