# SPDX-License-Identifier: GPL-2.0-or-later
"""Our programs by the names that they are installed under: those that were built, which meson
names in the environment, else those in PATH."""

import os
import pathlib
import shutil

VARIABLES = {
    "autopkgtest-virt-qemu+rocm": "AQR_SERVER",
    "rocm-qemu-create": "AQR_CREATE",
    "rocm-qemu-gpus": "AQR_GPUS",
    "rocm-qemu-run": "AQR_RUN",
    "rocm-qemu-setup": "AQR_SETUP",
}


def programs() -> dict[str, str]:
    found = {name: os.environ.get(variable) or shutil.which(name)
             for name, variable in VARIABLES.items()}
    missing = [name for name, path in found.items() if path is None]
    assert not missing, f"neither built nor installed: {missing}"
    return found


def make_bin(directory: pathlib.Path) -> str:
    """A directory of them; a PATH with that in front."""
    directory.mkdir()
    for name, path in programs().items():
        (directory / name).symlink_to(path)
    return f"{directory}:{os.environ['PATH']}"
