# SPDX-License-Identifier: GPL-2.0-or-later
"""The PCI devices of the lab's machine, and how QEMU gets them. Buses are numbered in
the order of the root ports, as the firmware finds them."""

BOOT_DISPLAY = "0000:00:01.0"  # the firmware's; its vendor is QEMU
GPU = "0000:01:00.0"           # of vendor 1002, as on a Radeon in one group with its ...
AUDIO = "0000:01:00.1"         # ... audio function
SECOND_GPU = "0000:02:00.0"    # alone in its group
OTHER_DISPLAY = "0000:03:00.0"  # not a VGA controller, not of AMD, alone
EDU = "0000:05:01.0"           # has no driver; in one group with the next two
NIC = "0000:05:02.0"
GPU_WITH_NIC = "0000:05:03.0"

DRIVERS = {
    BOOT_DISPLAY: "bochs-drm",
    GPU: "aty128fb",
    AUDIO: "snd_hda_intel",
    SECOND_GPU: "aty128fb",
    OTHER_DISPLAY: "bochs-drm",
    EDU: None,
    NIC: "e1000",
    GPU_WITH_NIC: "aty128fb",
}

# QEMU's ati-vga is 1002:5046, a Rage 128; no test needs it to draw.
DEVICES = (
    "VGA,addr=1,edid=off",
    "pcie-root-port,id=gpu,chassis=1,addr=2",
    "ati-vga,bus=gpu,addr=0.0,multifunction=on",
    "intel-hda,id=audio,bus=gpu,addr=0.1",
    "hda-duplex,bus=audio.0,audiodev=silence",
    "pcie-root-port,id=second,chassis=2,addr=3",
    "ati-vga,bus=second",
    "pcie-root-port,id=other,chassis=3,addr=4",
    "bochs-display,bus=other,edid=off",
    "pcie-root-port,id=shared,chassis=4,addr=5",
    "pcie-pci-bridge,id=bridge,bus=shared",
    "edu,bus=bridge,addr=1",
    "e1000,bus=bridge,addr=2,romfile=,netdev=nobody",
    "ati-vga,bus=bridge,addr=3",
)


def qemu_arguments() -> list[str]:
    words = ["-vga", "none", "-display", "none", "-audiodev", "none,id=silence",
             "-netdev", "user,id=nobody,restrict=on"]
    for device in DEVICES:
        words += ["-device", device]
    return words
