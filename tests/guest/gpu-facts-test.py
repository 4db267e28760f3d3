#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a real Debian guest tells of a display of AMD's that no driver brings up, and of
/dev/kfd, which is there all the same once amdgpu is loaded."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Server, run_all, test_image  # noqa: E402

SMALL = ("--cpus=1", "--ram-size=1024", "--boot=bios")
RAGE_128 = "5046"  # QEMU's ati-vga


def ask_judge(*words: str, facts: str = "") -> str:
    judge = os.environ["AQR_GPU_JUDGE"]
    return subprocess.run([judge, *words], input=facts, stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def tell_facts(server: Server) -> str:
    script = ask_judge("script")
    return server.run("sh", "-c", script, "sh", "", "").stdout.decode()


def test_display_without_driver() -> None:
    """None of them is ready for KFD, and each time the reason is another."""
    with Server(*SMALL, "--qemu-options=-device ati-vga,bus=pcie.0,addr=0x10") as server:
        server.open()
        facts = tell_facts(server)
        assert "settled\n" in facts and facts.endswith("end\n"), facts
        assert ask_judge("pci", RAGE_128, facts=facts) == "yes \n", facts
        missing = ask_judge("pci", "73bf", facts=facts)
        assert missing.startswith("never ") and "0000:00:10.0 (1002:5046) of AMD's" in missing
        server.sh("modprobe amdgpu")
        facts = tell_facts(server)
        assert "node /dev/kfd crw-rw---- root render\n" in facts, facts
        assert "kfd 0 simd_count 0\n" in facts and "amdgpu live\n" in facts, facts
        verdict = ask_judge("kfd", RAGE_128, facts=facts)
        assert verdict.startswith("never ") and "(in the guest 0000:00:10.0)" in verdict, verdict
        assert "no driver took it" in verdict, verdict


if __name__ == "__main__":
    test_image()
    run_all([test_display_without_driver])
