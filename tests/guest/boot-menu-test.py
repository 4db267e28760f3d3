#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An image that was made for people: GRUB's menu on the serial console waits for them."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Server, run_all  # noqa: E402

# Ten minutes: who waits for that waits longer than the test does.
ADD_MENU = """
cfg=/boot/grub/grub.cfg
{
    printf '%s\\n' 'serial --unit=0 --speed=115200' 'terminal_input serial' 'terminal_output serial'
    sed 's/^set timeout=.*/set timeout=600/' $cfg
} >$cfg.new
grep -q '^set timeout=600$' $cfg.new
mv $cfg.new $cfg
sync
"""
COUNTDOWN = "entry will be executed automatically in "


def a_menu_is_not_waited_for() -> None:
    with Server("--boot=bios", "--cpus=2", "--ram-size=1024", "--show-boot") as server:
        server.open()
        assert COUNTDOWN not in server.stderr()
        server.sh(ADD_MENU)
        assert server.ask("reboot") == "ok", server.stderr()
        assert COUNTDOWN in server.stderr()
        assert server.quit() == 0


run_all([a_menu_is_not_waited_for])
