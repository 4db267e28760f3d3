# SPDX-License-Identifier: GPL-2.0-or-later
"""What libvirt does by itself with real VFIO; the server relies on it. The domains are
emulated, and never run."""

import daemon
import devices
import lab
import zoo


def a_managed_gpu_comes_back() -> None:
    """Both functions, to the drivers that they were on."""
    with daemon.libvirtd() as libvirt:
        libvirt.start(daemon.domain_xml("gpu", zoo.GPU, zoo.AUDIO), "--paused")
        assert devices.driver_of(zoo.GPU) == "vfio-pci"
        assert devices.driver_of(zoo.AUDIO) == "vfio-pci"
        node = f"/dev/vfio/{devices.group_of(zoo.GPU)}"
        assert devices.holders(node) == lab.programs("qemu-system")
        libvirt.virsh("destroy", "gpu")
        assert devices.driver_of(zoo.GPU) == "aty128fb"
        assert devices.driver_of(zoo.AUDIO) == "snd_hda_intel"


def a_group_member_on_its_driver_is_refused() -> None:
    with daemon.libvirtd() as libvirt:
        refused = libvirt.try_start(daemon.domain_xml("gpu", zoo.GPU), "--paused")
        assert refused.returncode != 0
        assert f"group {devices.group_of(zoo.GPU)} is not viable" in refused.stderr, refused
        assert devices.driver_of(zoo.GPU) == "aty128fb"


TESTS = [a_managed_gpu_comes_back, a_group_member_on_its_driver_is_refused]
