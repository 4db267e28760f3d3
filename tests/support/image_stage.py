# SPDX-License-Identifier: GPL-2.0-or-later
"""A place where the built rocm-qemu-create boots an image: an overlay of the tests' image, as far
as a guest can tell a copy, with a manifest that differs from what would be assumed without one."""

import json
import os
import pathlib
import signal
import subprocess

from server import environment, processes_knowing, test_image, wait_for

BOOT_SECONDS = 900  # on a machine that is busy
SECONDS = 30  # for an end: a guest that boots has 10 to power itself off
MANIFEST = {"format": 1, "release": "made-up", "arch": "amd64", "users": ["user"],
            "boots": ["bios"]}


# Who is started in the background of a shell script may have them ignored, and so has what he
# starts.
def heed_signals() -> None:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class ImageStage:
    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.tmp, self.out = directory / "tmp", directory / "out"
        for place in (self.tmp, self.out):
            place.mkdir()
        self.image = self.out / "x.qcow2"
        self.manifest = self.out / "x.qcow2.json"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                        test_image(), self.image], check=True)
        self.image.chmod(0o640)
        self.manifest.write_text(json.dumps(MANIFEST))
        self.environment = environment(TMPDIR=str(self.tmp))
        self.before = self.state()

    def state(self) -> tuple:
        """Of what is there, but when it was read."""
        return tuple((path.name, path.stat().st_ino, path.stat().st_mode, path.stat().st_uid,
                      path.stat().st_mtime_ns, path.read_bytes())
                     for path in (self.image, self.manifest))

    def words(self, *options: str) -> list[str]:
        return [os.environ["AQR_CREATE"], "--gpu=none", f"--timeout-reboot={BOOT_SECONDS}",
                *options, str(self.image)]

    def run(self, *options: str, through: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
        return subprocess.run([*through, *self.words(*options)], env=self.environment, text=True,
                              capture_output=True, timeout=1500, check=False)

    def start(self, *options: str) -> subprocess.Popen:
        return subprocess.Popen(self.words(*options), env=self.environment, text=True,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                start_new_session=True, preexec_fn=heed_signals)

    def machines(self) -> list[str]:
        return [line for line in processes_knowing(str(self.directory)) if "guest=autopkg" in line]

    def leftovers(self) -> list[str]:
        files = [str(path) for place in (self.tmp, self.out) for path in place.iterdir()
                 if path not in (self.image, self.manifest)]
        return files + processes_knowing(str(self.directory))

    def nothing_is_left(self) -> None:
        wait_for(lambda: not self.leftovers(), SECONDS, f"the end of {self.leftovers()}")

    def nothing_has_changed(self) -> None:
        self.nothing_is_left()
        assert self.state() == self.before, "the image is not as it was"


def read_until(process: subprocess.Popen, stage: str) -> str:
    """What was said until that began, which must come."""
    said = ""
    for line in process.stderr:
        said += line
        if line.endswith(f": {stage}...\n"):
            return said
    raise AssertionError(f"it never began with {stage!r}: {said}")
