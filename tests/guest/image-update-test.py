#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rocm-qemu-create --update: an image is brought up to date in place, from its own sources, and
proven. Needs a network."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from image_stage import MANIFEST, ImageStage, read_until  # noqa: E402
from server import Skipped, run_all, temporary_directory, test_image  # noqa: E402

UPDATE = ["booting", "apt-get update", "apt-get full-upgrade", "apt-get autoremove",
          "cleaning up", "powering off", "copying the image"]
PROOF = ["booting", "checking"]
SOMEBODY = 65534


def stages(said: str) -> list[str]:
    lines = said.splitlines()
    return [line.removeprefix("rocm-qemu-create: ").removesuffix("...") for line in lines
            if line.startswith("rocm-qemu-create: ") and line.endswith("...")]


def backing_file(image: pathlib.Path) -> str | None:
    info = subprocess.run(["qemu-img", "info", "--output=json", image], check=True,
                          capture_output=True).stdout
    return json.loads(info).get("backing-filename")


def check_manifest(stage: ImageStage) -> None:
    """What it was made for is as it was told, what it is has been found out."""
    manifest = json.loads(stage.manifest.read_text())
    for key in ("release", "arch", "users", "boots"):
        assert manifest[key] == MANIFEST[key], (key, manifest[key])
    assert "linux-image-amd64" in manifest["packages"] and manifest["kernel"], manifest
    assert {finding["severity"] for finding in manifest["findings"]} <= {"pass", "warn"}, manifest


def an_image_is_updated_and_proven() -> None:
    """It is another file then, with the rights of the old one, and an overlay of nothing."""
    base = pathlib.Path(test_image()).stat()
    with temporary_directory() as directory:
        stage = ImageStage(directory)
        if os.geteuid() == 0:
            shutil.chown(stage.image, SOMEBODY, SOMEBODY)
        old = stage.image.stat()
        updated = stage.run("--update")
        assert updated.returncode == 0 and stages(updated.stderr) == UPDATE + PROOF, updated
        assert "booted by bios\n" in updated.stdout and "FAIL" not in updated.stdout, updated
        assert "PASS  APT works, and can fetch lists of packages\n" in updated.stdout, updated
        stage.nothing_is_left()
        new = stage.image.stat()
        assert new.st_ino != old.st_ino
        assert (new.st_mode, new.st_uid, new.st_gid) == (old.st_mode, old.st_uid, old.st_gid), new
        assert backing_file(stage.image) is None
        check_manifest(stage)
    after = pathlib.Path(test_image()).stat()
    assert base.st_mtime_ns == after.st_mtime_ns


def an_image_that_is_touched_meanwhile_stays() -> None:
    with temporary_directory() as directory:
        stage = ImageStage(directory)
        with stage.start("--update", "--no-check") as process:
            read_until(process, "booting")
            os.utime(stage.image, (0, 0))
            stage.before = stage.state()
            said = process.stderr.read()
            assert process.wait() == 1 and "has been changed meanwhile" in said, said
            assert stages(said) == UPDATE[1:], said
        stage.nothing_has_changed()


def what_fails_ends_it() -> None:
    """Without a network there are no lists of packages; what APT says of it is told."""
    if os.geteuid() != 0:
        raise Skipped("a network of its own needs root")
    with temporary_directory() as directory:
        stage = ImageStage(directory)
        updated = stage.run("--update", through=("unshare", "--net"))
        assert updated.returncode == 1 and stages(updated.stderr) == UPDATE[:2], updated
        assert "up to date: apt-get update failed (status 100):\n" in updated.stderr, updated
        assert "E: " in updated.stderr, updated
        stage.nothing_has_changed()


def it_may_take_longer() -> None:
    """The error says how."""
    with temporary_directory() as directory:
        stage = ImageStage(directory)
        updated = stage.run("--update", "--update-timeout=1")
        assert updated.returncode == 1 and stages(updated.stderr) == UPDATE[:2], updated
        assert "; give it more time with --update-timeout\n" in updated.stderr, updated
        stage.nothing_has_changed()


if __name__ == "__main__":
    test_image()
    run_all([an_image_is_updated_and_proven, an_image_that_is_touched_meanwhile_stays,
             what_fails_ends_it, it_may_take_longer])
