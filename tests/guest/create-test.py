#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rocm-qemu-create as a whole: create-test.py RELEASE [USER] builds an image of that release from
the host's mirror, boots it by EFI and by BIOS, and puts it in the place of another. Stopped while
its VM boots, it leaves what was there. USER, "nobody", is one who is not root, with subordinate
ids that only he sees. Needs a network."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import (Skipped, environment, processes_knowing, run_all,  # noqa: E402
                    temporary_directory)

PROGRAM = os.environ["AQR_CREATE"]
RELEASE = sys.argv[1] if len(sys.argv) > 1 else "trixie"
USER = sys.argv[2] if len(sys.argv) > 2 else "root"

# $1: who; $2: his subordinate ids; then what he runs. What this mounts, nobody else sees.
AS_USER = """
mount --bind "$2" /etc/subuid
mount --bind "$2" /etc/subgid
user=$1
shift 2
exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$@"
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEmbTqp6R7uSrlV3AYcDkyMX6iv2BQOBoB8oS+4S5rJX me\n"


class Stage:
    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.image = directory / "x.img"
        self.image.write_text("old")
        (directory / "key").write_text(KEY)
        (directory / "tmp").mkdir(mode=0o711)
        directory.chmod(0o711)
        self.environment = environment(TMPDIR=str(directory / "tmp"))
        self.through: list[str] = []
        self.others = {"key", "tmp", "x.img"}
        if USER != "root":
            self.become_user()

    def become_user(self) -> None:
        if os.geteuid() != 0:
            raise Skipped("needs root, to become somebody else")
        home = self.directory / "home"
        home.mkdir()
        self.environment["HOME"] = str(home)
        ids = self.directory / "ids"
        ids.write_text(f"{USER}:100000:65536\n")
        self.through = ["unshare", "--mount", "sh", "-ec", AS_USER, "sh", USER, str(ids)]
        for path in (self.directory, *self.directory.iterdir()):
            shutil.chown(path, USER)
        self.others |= {"home", "ids"}

    def command(self, *words: str) -> list[str]:
        return [*self.through, PROGRAM, "--gpu=gfx1030", "--gpu=gfx1100", *words, str(self.image)]

    def run(self, *words: str, seconds: float) -> subprocess.CompletedProcess:
        return subprocess.run(self.command(*words), env=self.environment, text=True, check=False,
                              capture_output=True, timeout=seconds)

    def nothing_is_left(self, *there: str) -> None:
        names = {path.name for path in self.directory.iterdir()}
        assert names == self.others | {*there}, names
        assert list((self.directory / "tmp").iterdir()) == []
        assert processes_knowing(str(self.directory)) == []


# Who is started in the background of a shell script may have them ignored, and so has what
# he starts.
def heed_signals() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def stop_while_it_boots(stage: Stage, number: signal.Signals) -> None:
    before = stage.image.stat()
    with subprocess.Popen(stage.command("--check"), env=stage.environment, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          start_new_session=True, preexec_fn=heed_signals) as process:
        for line in process.stderr:
            if "booting" in line:
                break
        process.send_signal(number)
        said = process.stderr.read()
        assert process.wait(60) == -number, (number, said)
    assert stage.image.stat().st_mtime_ns == before.st_mtime_ns
    stage.nothing_is_left("x.img.json")


def an_image_is_built_proven_and_replaced() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        # setup-testbed would take this one away again.
        result = stage.run("-r", RELEASE, "-a", str(directory / "key"), "--package=git",
                           seconds=1500)
        print(result.stderr, result.stdout, sep="\n", flush=True)
        assert result.returncode == 0, result.returncode
        assert "FAIL" not in result.stdout and "WARN" not in result.stdout
        assert stage.image.read_bytes()[:4] == b"QFI\xfb"
        stage.nothing_is_left("x.img.json")
        manifest = json.loads((directory / "x.img.json").read_text())
        assert manifest["release"] == RELEASE, manifest["release"]
        assert "git" in manifest["packages"], manifest["packages"]
        for number in (signal.SIGINT, signal.SIGTERM):
            stop_while_it_boots(stage, number)


run_all([an_image_is_built_proven_and_replaced])
