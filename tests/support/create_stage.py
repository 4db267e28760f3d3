# SPDX-License-Identifier: GPL-2.0-or-later
"""A place where the built rocm-qemu-create works, hangs, is stopped and killed: an old image, and
programs that work on a tiny tree, or hang in the middle of it, in place of mmdebstrap and
others. No image is booted. Needs root."""

import os
import pathlib
import shutil
import signal
import subprocess

from server import processes_knowing, run_all, wait_for

PROGRAM = os.environ["AQR_CREATE"]
MIRROR = "--mirror=http://127.0.0.1:1/debian"
SECONDS = 15  # for what takes a part of one

# It hangs at one program, with a child that has left its group, or works as the real one.
FAKE = """#!/bin/bash
name=${0##*/}
if [ "$name" = "$HANG" ] && [[ $* == *"$HANG_WORD"* ]]; then
    setsid bash -c 'exec -a "$0" sleep 1000' "orphan of $AQR_STAGE" &
    [ "$name" != mmdebstrap ] || mktemp -d >/dev/null
    touch "$AQR_STAGE/hangs"
    exec -a "$name of $AQR_STAGE" sleep 1000
fi
[ "$name $1" != "mmdebstrap --unshare-helper" ] || exec "${@:2}"
PATH=${PATH#*:}
[ "$name" = mmdebstrap ] || exec "$name" "$@"
for word; do
    case $word in
        */root) root=$word ;;
    esac
done
mkdir -p "$root/boot/grub/i386-pc" "$root/boot/grub/x86_64-efi"
cd "$root/boot/grub"
head -c 1000 /dev/zero | tee i386-pc/core.img x86_64-efi/core.efi >i386-pc/boot.img
printf '<%s>\\n' "$@" >"$root/words"
[ -z "$FILL" ] || head -c "$FILL" /dev/urandom >"$root/filler"
"""
# Each stage by a program of it that is run; a word tells it from others.
STAGES = (("sfdisk", ""), ("mmdebstrap", "root"), ("mke2fs", ""), ("mformat", ""),
          ("qemu-img", "convert"))


# Who is started in the background of a shell script, or by nohup, may have them ignored, and so
# has what he starts.
def heed_signals() -> None:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Stage:
    """A directory with an old image, a TMPDIR, and programs that are not what they seem."""

    def __init__(self, directory: pathlib.Path, hang: str = "", word: str = "") -> None:
        self.directory = directory
        self.image = directory / "out" / "x.img"
        for name in ("bin", "tmp", "out"):
            (directory / name).mkdir()
        for name in [name for name, _ in STAGES]:
            (directory / "bin" / name).write_text(FAKE)
            (directory / "bin" / name).chmod(0o755)
        self.image.write_text("old")
        (directory / "out" / "x.img.json").write_text("old")
        self.environment = os.environ | {
            "PATH": f"{directory / 'bin'}:{os.environ['PATH']}", "TMPDIR": str(directory / "tmp"),
            "AQR_STAGE": str(directory), "HANG": hang, "HANG_WORD": word, "FILL": ""}

    def words(self, *words: str) -> list[str]:
        return [PROGRAM, "--no-check", "--size=4G", "-r", "trixie", MIRROR, *words,
                str(self.image)]

    def start(self, wait: bool = True) -> subprocess.Popen:
        """Until it hangs. In a session of its own, as a terminal would have it."""
        process = subprocess.Popen(self.words(), env=self.environment, start_new_session=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   preexec_fn=heed_signals)
        if wait:
            hangs = self.directory / "hangs"
            wait_for(lambda: hangs.exists() or process.poll() is not None, SECONDS,
                     "a program that hangs")
            assert hangs.exists(), process.communicate()
        return process

    def run(self, *words: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(self.words(*words), env=self.environment | {"HANG": ""},
                              capture_output=True, text=True, timeout=60, check=False, **options)

    def leftovers(self) -> list[str]:
        files = [str(path) for name in ("tmp", "out")
                 for path in (self.directory / name).iterdir()
                 if path.name not in ("x.img", "x.img.json")]
        mounts = pathlib.Path("/proc/self/mounts").read_text()
        devices = pathlib.Path("/sys/block").glob("loop*/loop/backing_file")
        loops = [path.read_text() for path in devices if str(self.directory) in path.read_text()]
        return (files + processes_knowing(str(self.directory)) + loops
                + [line for line in mounts.splitlines() if str(self.directory) in line])

    def nothing_has_changed(self) -> None:
        wait_for(lambda: not self.leftovers(), SECONDS, f"the end of {self.leftovers()}")
        assert self.image.read_text() == "old"
        assert (self.directory / "out" / "x.img.json").read_text() == "old"

    def image_is_new(self) -> None:
        assert self.leftovers() == [], self.leftovers()
        assert self.image.read_bytes()[:4] == b"QFI\xfb"
        assert (self.directory / "out" / "x.img.json").read_text() != "old"


# What is mounted, nobody else sees. $1: nobody's subordinate ids; $2: who; then what he runs,
# with the programs in BARE if there is one.
AS_USER = """
mount --bind "$1" /etc/subuid
mount --bind "$1" /etc/subgid
user=$2
shift 2
setpriv=$(command -v setpriv)
[ -z "$BARE" ] || { mount -t tmpfs none /usr/sbin; PATH=$BARE; }
exec "$setpriv" --reuid="$user" --regid="$user" --clear-groups "$@"
"""


def run_as(user: int, stage: Stage) -> subprocess.CompletedProcess:
    """Who has subordinate ids, and may write where the image goes."""
    ids = stage.directory / "ids"
    ids.write_text("nobody:100000:65536\n")
    stage.directory.chmod(0o755)
    out = stage.image.parent
    for path in (out, *out.iterdir(), stage.directory / "tmp"):
        shutil.chown(path, user)
    return subprocess.run(["unshare", "--mount", "sh", "-ec", AS_USER, "sh", str(ids), str(user),
                           *stage.words()], capture_output=True, text=True, timeout=60,
                          env={"BARE": ""} | stage.environment, check=False)


def child_of(pid: int) -> int:
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def run_all_as_root(tests: list) -> None:
    if os.geteuid() != 0:
        print("needs root: an ordinary user wants subordinate ids, "
              "and what they are for cannot be faked")
        raise SystemExit(77)
    run_all(tests)
