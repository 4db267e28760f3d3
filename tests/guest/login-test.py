#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An image without a root shell on its consoles: somebody has to log in. And one that
was made on another machine: it does not know its disk."""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Server, run_all, temporary_directory, wait_for  # noqa: E402

PREPARE = """
systemctl --quiet disable autopkgtest@hvc1 autopkgtest@ttyS1 2>/dev/null
echo user:pass-word | chpasswd
echo 'user ALL=(ALL:ALL) ALL' >/etc/sudoers.d/user
echo 'grub-pc grub-pc/install_devices multiselect /dev/mapper/loop0' | debconf-set-selections
sync
"""

MACHINE = ("--boot=bios", "--cpus=2", "--ram-size=1024")

image: pathlib.Path


def make_image() -> None:
    """What a testbed wrote is the image: a second link keeps its overlay."""
    with Server(*MACHINE) as server:
        server.greet()
        server.write_line("open")
        overlays = lambda: list(pathlib.Path(server.tmp).rglob("overlay.qcow2"))  # noqa: E731
        wait_for(overlays, 30, "the overlay")
        os.link(overlays()[0], image)
        assert server.read_line().startswith("ok ")
        assert not overlays()  # nothing that a crash could leave behind
        server.learn_execute_command()
        server.sh(PREPARE)
        server.popen("sh", "-c", "sync; poweroff -f").communicate(timeout=60)
        assert server.quit() == 0, server.stderr()


def a_user_with_sudo_opens_it() -> None:
    with Server(*MACHINE, "--user=user", "--password=pass-word", image=str(image)) as server:
        server.open()
        assert server.sh("id -u").strip() == "0"
        assert server.ask("capabilities").endswith("suggested-normal-user=user")
        check_grub_knows_its_disk(server)
        assert server.quit() == 0, server.stderr()


def ask_debconf(server: Server, request: str) -> str:
    return server.sh(f"echo {request} | DEBIAN_FRONTEND=noninteractive debconf-communicate")


def check_grub_knows_its_disk(server: Server) -> None:
    for question in ("install_devices", "install_devices_disks_changed"):
        assert ask_debconf(server, f"GET grub-pc/{question}") == "0 /dev/vda\n"
        assert ask_debconf(server, f"FGET grub-pc/{question} seen") == "0 true\n"


def expect_failure(words: str, *options: str) -> None:
    with Server(*MACHINE, *options, image=str(image)) as server:
        server.greet()
        start = time.monotonic()
        assert server.ask("open") == ""
        assert time.monotonic() - start < 250
        assert server.wait(30) == 12
        assert words in server.stderr(), server.stderr()


def a_wrong_password_is_named() -> None:
    expect_failure("refused the login", "--user=user", "--password=wrong")


def nobody_to_log_in_is_named() -> None:
    expect_failure("no root shell on hvc1 or ttyS1")


with temporary_directory() as here:
    image = here / "no-root-shell.qcow2"
    run_all([make_image, a_user_with_sudo_opens_it, a_wrong_password_is_named,
             nobody_to_log_in_is_named])
