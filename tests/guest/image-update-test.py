#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An image is brought up to date in place, from its own sources. Needs a network."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import (Skipped, environment, processes_knowing, run_all,  # noqa: E402
                    temporary_directory, test_image)

STAGES = ["booting", "apt-get update", "apt-get full-upgrade", "apt-get autoremove",
          "cleaning up", "powering off"]


def judge(*words: str, through: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    return subprocess.run([*through, os.environ["AQR_IMAGE_JUDGE"], *words], check=False, text=True,
                          capture_output=True, timeout=1500, env=environment())


def stages(done: subprocess.CompletedProcess) -> list[str]:
    lines = done.stderr.splitlines()
    return [line.removeprefix("image-judge: ").removesuffix("...") for line in lines
            if line.startswith("image-judge: ") and line.endswith("...")]


def make_copy(place: pathlib.Path) -> str:
    """Of the image, as far as the guest can tell."""
    copy = str(place / "copy.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", test_image(),
                    copy], check=True)
    return copy


def test_an_image_is_updated() -> None:
    """It boots again, and is as good as before."""
    before = pathlib.Path(test_image()).stat()
    with temporary_directory() as place:
        copy = make_copy(place)
        updated = judge("update", copy, "bios")
        assert updated.returncode == 0 and stages(updated) == STAGES, updated
        assert not processes_knowing(copy)
        proof = judge("prove", copy, "efi", "user", "debci")
        assert proof.returncode == 0, proof
        assert f"{copy}, booted by efi\n" in proof.stdout, proof
        assert "PASS  APT works, and can fetch lists of packages\n" in proof.stdout, proof
        assert "FAIL" not in proof.stdout, proof
    after = pathlib.Path(test_image()).stat()
    assert before.st_mtime_ns == after.st_mtime_ns


def test_what_fails_ends_it() -> None:
    """Without a network there are no lists of packages; what APT says of it is told."""
    if os.geteuid() != 0:
        raise Skipped("a network of its own needs root")
    with temporary_directory() as place:
        copy = make_copy(place)
        updated = judge("update", copy, "bios", through=("unshare", "--net"))
        assert updated.returncode == 1 and stages(updated) == STAGES[:2], updated
        assert f'cannot bring "{copy}" up to date: apt-get update failed (status 100):\n' \
            in updated.stderr, updated
        assert "E: " in updated.stderr, updated
        assert not processes_knowing(copy)


def test_it_may_take_longer() -> None:
    """The error says how."""
    with temporary_directory() as place:
        copy = make_copy(place)
        updated = judge("update", copy, "bios", through=("env", "AQR_UPDATE_SECONDS=1"))
        assert updated.returncode == 1 and stages(updated) == STAGES[:2], updated
        assert "; give it more time with --update-timeout\n" in updated.stderr, updated
        assert not processes_knowing(copy)


if __name__ == "__main__":
    test_image()
    run_all([test_an_image_is_updated, test_what_fails_ends_it,
             test_it_may_take_longer])
