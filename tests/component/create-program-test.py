#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The built rocm-qemu-create, stopped and killed wherever it may be, on disks that are full,
without a network, two at once. Programs that work on a tiny tree, or hang in the middle of
it, stand in for mmdebstrap and others; no image is booted. After each: the old image is as it
was, and there is no mount, process, loop device or file that was not there before."""

import fcntl
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import (Skipped, processes_knowing, run_all,  # noqa: E402
                    temporary_directory, wait_for)

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


def child_of(pid: int) -> int:
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


# Who gets which signal: the program, the one that works for it, and its script.
def send(process: subprocess.Popen, how: str) -> None:
    worker = child_of(process.pid)
    whom = {"": [process.pid], "worker ": [worker], "script ": [child_of(worker)],
            "all ": [process.pid, worker, child_of(worker)]}
    for kind, pids in whom.items():
        if how.startswith("terminal "):
            os.killpg(process.pid, signal.Signals[how.split()[1]])
            return
        if how.startswith("SIG" if kind == "" else kind):
            for pid in pids:
                os.kill(pid, signal.Signals[how.split()[-1]])
            return


ENDS = ("terminal SIGINT", "terminal SIGQUIT", "terminal SIGHUP", "SIGTERM", "SIGHUP", "SIGKILL",
        "worker SIGKILL", "worker SIGTERM", "script SIGKILL")
EVERYWHERE = ("terminal SIGINT", "SIGTERM", "SIGKILL", "worker SIGKILL", "script SIGKILL")


def stopped(stage: Stage, how: str) -> None:
    process = stage.start()
    begun = time.monotonic()
    send(process, how)
    text, _ = process.communicate(timeout=SECONDS)
    wanted = 1 if how.startswith("script") else -signal.Signals[how.split()[-1]]
    assert process.returncode == wanted, (how, process.returncode, text)
    assert wanted in (1, -signal.SIGKILL) or "stopped by signal" in text, (how, text)
    stage.nothing_has_changed()
    assert time.monotonic() - begun < SECONDS


def it_is_stopped_anywhere() -> None:
    for program, word in STAGES:
        for how in ENDS if program == "mmdebstrap" else EVERYWHERE:
            with temporary_directory() as directory:
                try:
                    stopped(Stage(directory, program, word), how)
                except Exception as error:
                    raise AssertionError(f"{program}, {how}: {error}") from error


def what_all_dead_ones_left_goes_with_the_next() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory, "mmdebstrap", "root")
        process = stage.start()
        send(process, "all SIGKILL")
        process.communicate(timeout=SECONDS)
        assert stage.image.read_text() == "old" and stage.leftovers()
        left = processes_knowing(str(directory))
        for pid in left:
            os.kill(int(pid.split(":")[0]), signal.SIGKILL)
        wait_for(lambda: not processes_knowing(str(directory)), SECONDS, "their end")
        assert stage.run().returncode == 0
        stage.image_is_new()


# One killed before its directory had its name; another's may be in the middle of that.
def an_early_death_is_swept_later() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        old, new = (directory / "tmp" / f".rocm-qemu-create.{name}" for name in ("abcdef", "ABCDEF"))
        for path in (old, new):
            path.mkdir()
            (path / "lock").touch()
        os.utime(old, (0, 0))
        assert stage.run().returncode == 0
        assert stage.leftovers() == [str(new)], stage.leftovers()


def nobody_else_gets_in() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory, "mke2fs")
        process = stage.start()
        (work,) = (directory / "tmp").iterdir()
        modes = [path.stat().st_mode & 0o7 for path in (work, work / "disk")]
        if os.geteuid() == 0:
            modes += [path.stat().st_mode & 0o77 for path in (work, work / "disk")]
        process.terminate()
        process.communicate(timeout=SECONDS)
        assert not any(modes), [oct(mode) for mode in modes]
        stage.nothing_has_changed()


# What an earlier one has said in the same log is no reason of this one's end.
def an_old_log_explains_nothing() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        log = directory / "log"
        log.write_text("No space left on device\n")
        result = stage.run("--size=2049M", f"--log={log}")
        assert result.returncode == 1 and "no room left" not in result.stderr, result
        assert "partitioning the disk" in log.read_text()
        stage.nothing_has_changed()


def an_image_is_replaced() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        result = stage.run()
        assert result.returncode == 0 and result.stdout == "", result
        stage.image_is_new()
        lines = result.stderr.splitlines()
        assert [line.split(": ")[1] for line in lines[1::2]] == [
            "partitioning the disk", "installing trixie", "making the file system",
            "installing GRUB", "converting to qcow2"], lines


# The old image is there, or only the link's own directory; the link may be to another link.
def a_link_stays_one() -> None:
    for goal, is_there in (("out/x.img", True), ("out/x.img", False), ("between", False)):
        with temporary_directory() as directory:
            stage = Stage(directory)
            real, stage.image = stage.image, directory / "link"
            stage.image.symlink_to(goal)
            (directory / "between").symlink_to(real)
            if not is_there:
                real.unlink()
            assert f'to "{real}"' in stage.run("--dry-run").stdout
            assert stage.run().returncode == 0
            assert stage.image.is_symlink() and (directory / "between").is_symlink()
            stage.image = real
            stage.image_is_new()


def who_may_read(path: pathlib.Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mode & 0o777, status.st_uid, status.st_gid


def owner_and_mode_stay() -> None:
    us = (os.geteuid(), os.getegid())
    for mode, owner in ((0o600, us), (0o664, us), (0o640, (65534, 65533)), (None, us)):
        if os.geteuid() != 0 and owner != us:
            continue
        with temporary_directory() as directory:
            stage = Stage(directory)
            os.chown(stage.image, *owner)
            stage.image.chmod(mode or 0)
            if mode is None:
                stage.image.unlink()
            result = stage.run(umask=0o027)
            assert result.returncode == 0, result
            stage.image_is_new()
            for path in (stage.image, directory / "out" / "x.img.json"):
                assert who_may_read(path) == (0o640 if mode is None else mode, *owner), path


# As QEMU does for a disk that it writes to: it locks the byte at 101.
def lock_for_writing(path: pathlib.Path) -> int:
    fd = os.open(path, os.O_RDWR)
    fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 101, 1, 0))
    return fd


def what_a_vm_writes_is_not_lost() -> None:
    for late in (False, True):
        with temporary_directory() as directory:
            stage = Stage(directory)
            fake = directory / "bin" / "mformat"
            fake.write_text(FAKE.replace("\n", '\ntouch "$AQR_STAGE/hangs"; read <"$AQR_STAGE/go"\n',
                                         1))
            os.mkfifo(directory / "go")
            fd = -1 if late else lock_for_writing(stage.image)
            process = stage.start(wait=late)
            if late:
                fd = lock_for_writing(stage.image)
                (directory / "go").write_text("go\n")
            text, _ = process.communicate(timeout=SECONDS)
            os.close(fd)
            assert process.returncode == 1, text
            assert f"while pid {os.getpid()} (" in text, text
            assert (directory / "hangs").exists() == late, text
            stage.nothing_has_changed()


def nobody_reads_a_draft() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory, "qemu-img", "convert")
        process = stage.start()
        mode = who_may_read(directory / "out" / ".x.img.new")[0]
        process.terminate()
        process.communicate(timeout=SECONDS)
        assert mode == 0o700, oct(mode)


def the_second_one_is_told_of_the_first() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory, "mmdebstrap", "root")
        first = stage.start()
        result = stage.run()
        assert result.returncode == 1, result
        assert f"by another process (pid {child_of(first.pid)})" in result.stderr, result
        assert child_of(first.pid) and stage.image.read_text() == "old"
        first.terminate()
        first.communicate(timeout=SECONDS)
        stage.nothing_has_changed()


def a_full_disk_is_told() -> None:
    if os.geteuid() != 0:
        raise Skipped("needs root, to mount a small disk")
    for place, hint in (("tmp", "installing trixie"), ("out", "converting to qcow2")):
        with temporary_directory() as directory:
            stage = Stage(directory)
            stage.environment["FILL"] = "20000000"
            script = f"mount -t tmpfs -o size=8M none {directory / place} && "
            if place == "out":
                script += f"echo -n old >{stage.image} && "
            result = subprocess.run(
                ["unshare", "--mount", "sh", "-c", script + '"$@"; rc=$?; '
                 f'ls -A {directory / place} >{directory / "there"}; exit $rc', "sh",
                 *stage.words()], env=stage.environment, capture_output=True, text=True,
                timeout=60, check=False)
            assert result.returncode == 1, result
            assert "there is no room left" in result.stderr, result
            assert f"failed while {hint}" in result.stderr, result
            there = (directory / "there").read_text().split()
            assert there == ([] if place == "tmp" else ["x.img"]), there
            stage.nothing_has_changed()


def no_network_is_told() -> None:
    if os.geteuid() != 0:
        raise Skipped("needs root, for a namespace without a network")
    with temporary_directory() as directory:
        stage = Stage(directory)
        (directory / "bin" / "mmdebstrap").unlink()
        words = [word for word in stage.words() if word != MIRROR]
        result = subprocess.run(["unshare", "--net", *words, "--mirror=http://mirror.invalid/"],
                                env=stage.environment, capture_output=True, text=True,
                                timeout=60, check=False)
        assert result.returncode == 1 and "the archive cannot be reached" in result.stderr, result
        stage.nothing_has_changed()


# The words, the exit status, and what is said.
WRONG = (
    (["--boot=never"], 2, "--boot is bios, efi or both"),
    (["--format=vdi"], 2, "--format is qcow2 or raw"),
    (["--arch=arm64"], 2, "only amd64 is known"),
    (["--kernel=linux-image-cloud-amd64"], 2, "no driver for a GPU"),
    (["--package=linux-image-cloud-amd64"], 2, "no driver for a GPU"),
    (["--release=../x"], 2, "--release takes a code name"),
    (["--release=wrong"], 1, "no release 'wrong' of Debian or Ubuntu is known"),
    (["--sources=/dev/null"], 2, "--mirror or --sources"),
    (["--check", "--update"], 2, "only one of"),
    (["--json"], 2, "--json is for --check"),
    (["--no-such"], 2, "--no-such"),
    (["--timeout=-1"], 2, "not negative"),
    (["--size=2G"], 2, "--size 2G is too small"),
    (["--size=2047.5m"], 2, "--size 2047.5m is too small"),
    (["--size=2049M"], 1, "--size 2049M is too small"),
    (["--size=big"], 2, "\"big\" is no size, such as 50G"),
    (["--size=1Z"], 2, "\"1Z\" is no size"),
    (["--user=Bad Name"], 2, "no name for a user"),
    (["--user=good", "--user=bad\n"], 2, "no name for a user"),
    (["--dry-run", "--user=Bad!"], 2, "no name for a user"),
    (["--package=../x"], 2, "\"../x\" is no name of a package"),
    (["--proxy=ftp://x"], 2, "no URL of a proxy"),
    (["--proxy=http://x y"], 2, "no URL of a proxy"),
    (["--gpu=gfx1030", "--gpu=gfx10zz"], 2, "\"gfx10zz\" is no gfx target"),
    (["--accel=foo"], 2, "foo"),
    (["--authorized-keys=/nonexistent"], 1, "--authorized-keys: \"/nonexistent\": No such file"),
    (["--log=/nonexistent/log"], 1, "cannot write to --log '/nonexistent/log'"),
    (["--script=/etc/passwd"], 1, "--script: \"/etc/passwd\": Permission denied"),
    (["another"], 2, "more than one image"),
)


# What an image is built of is not for one that is there.
BUILDING = ("--release=sid", "--arch=amd64", "--size=4G", "--mirror=http://m", "--sources=s",
            "--keyring=k", "--proxy=http://p", "--authorized-keys=a", "--kernel=linux-image-amd64",
            "--package=hello", "--script=c", "--log=l")


def what_would_be_ignored_is_refused() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        for task, words in (("--check", (*BUILDING, "--format=raw")), ("--update", BUILDING)):
            for word in words:
                result = subprocess.run([PROGRAM, task, "--dry-run", word, str(stage.image)],
                                        capture_output=True, text=True, timeout=60, check=False)
                name = word.split("=")[0]
                assert result.returncode == 2, (task, word, result)
                assert result.stderr.startswith(f"rocm-qemu-create: {name} is "), (task, result)
                assert task in result.stderr, (task, result)


# Where it will be proven, it must be possible; nothing has been built when it is not.
def a_proof_that_cannot_be_is_told() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        words = [word for word in stage.words("--boot=bios") if word != "--no-check"]
        for change, status, says in (({"AQR_ACCEL": "nonsense"}, 2, "nonsense"),
                                     ({"AQR_DATA_DIR": str(directory)}, 1, "table of firmware")):
            result = subprocess.run(words, env=stage.environment | {"AQR_ACCEL": "tcg"} | change,
                                    capture_output=True, text=True, timeout=60, check=False)
            assert result.returncode == status and says in result.stderr, result
            assert "partitioning" not in result.stderr, result
            stage.nothing_has_changed()


# The old image is no qcow2 file.
def a_raw_image_is_not_updated() -> None:
    for words in ([], ["--format=raw"]):
        with temporary_directory() as directory:
            stage = Stage(directory)
            if words:
                subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", stage.image, "1M"],
                               check=True)
            old = stage.image.read_bytes()
            result = subprocess.run([PROGRAM, "--update", *words, str(stage.image)],
                                    env=stage.environment, capture_output=True, text=True,
                                    timeout=60, check=False)
            assert result.returncode == 2 and "say --format=qcow2" in result.stderr, result
            assert stage.image.read_bytes() == old and stage.leftovers() == []


def wrong_words_are_told() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        for words, status, says in WRONG:
            result = stage.run(*words)
            assert result.returncode == status and says in result.stderr, (words, result)
            stage.nothing_has_changed()


def a_wrong_place_is_told() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        for image, says in (("/nonexistent/x", "cannot write to the directory \"/nonexistent\""),
                            ("/dev/null", "is there, and no file" if os.geteuid() == 0 else
                             "cannot write to the directory \"/dev\""),
                            (str(directory), "is there, and no file"),
                            ("", "an image's name is empty")):
            result = subprocess.run([*stage.words()[:-1], image], env=stage.environment,
                                    capture_output=True, text=True, timeout=60, check=False)
            assert result.returncode in (1, 2) and says in result.stderr, (image, result)
        manifest = directory / "out" / "x.img.json"
        manifest.unlink()
        manifest.mkdir()
        result = stage.run()
        assert result.returncode == 2 and f'"{manifest}" is there, and no' in result.stderr, result
        manifest.rmdir()
        manifest.write_text("old")
        stage.environment["TMPDIR"] = "/nonexistent"
        result = stage.run()
        assert result.returncode == 1 and "another directory in TMPDIR" in result.stderr, result
        stage.nothing_has_changed()


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


def missing_tools_are_told_with_their_packages() -> None:
    if os.geteuid() != 0:
        raise Skipped("needs root, to hide programs")
    for user, missing, packages in ((0, "flock", "autopkgtest"),
                                    (65534, "flock newuidmap newgidmap", "autopkgtest uidmap")):
        with temporary_directory() as directory:
            stage = Stage(directory)
            stage.environment["BARE"] = str(directory / "bare")
            (directory / "bare").mkdir()
            for name in ("bash", "dirname", "readlink", "sed", "awk", "sort", "tail", "rm", "id"):
                (directory / "bare" / name).symlink_to(shutil.which(name))
            result = run_as(user, stage)
            assert result.returncode == 1, result
            assert "missing on this host: mmdebstrap" in result.stderr, result
            assert f" {missing}; install the packages mmdebstrap" in result.stderr, result
            assert f" {packages}\n" in result.stderr, result
            stage.nothing_has_changed()


def a_user_without_namespaces_is_told() -> None:
    if os.geteuid() != 0:
        raise Skipped("needs root, to become somebody else")
    with temporary_directory() as directory:
        stage = Stage(directory)
        (directory / "bin" / "mmdebstrap").write_text(
            "#!/bin/sh\necho 'E: unshare syscall failed: Operation not permitted' >&2\nexit 1\n")
        result = run_as(65534, stage)
        assert result.returncode == 1, result
        for words in ("E: unshare syscall failed", "user.max_user_namespaces", "cannot become root"):
            assert words in result.stderr, result
        stage.nothing_has_changed()


def a_user_without_subordinate_ids_is_told() -> None:
    if os.geteuid() != 0:
        raise Skipped("needs root, to become somebody else")
    with temporary_directory() as directory:
        stage = Stage(directory)
        result = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                 *stage.words()], capture_output=True, text=True, timeout=60,
                                check=False)
        assert result.returncode == 1, result
        assert "/etc/subuid gives nobody no subordinate ids" in result.stderr, result
        assert "--add-subuids" in result.stderr, result
        stage.nothing_has_changed()


# What mmdebstrap is told, by the options.
TOLD = (
    ((), ["<--include=linux-image-amd64>", "<--include=openssh-server>",
          "<--include=?exact-name(firmware-amd-graphics)>", "<trixie>",
          "<deb http://127.0.0.1:1/debian trixie main contrib non-free-firmware>"]),
    (("--kernel=linux-image-amd64/trixie-backports", "--package=hello", "--package=gzip"),
     ["<--include=linux-image-amd64/trixie-backports>", "<--include=hello>", "<--include=gzip>"]),
    (("--proxy=http://localhost:3142",),
     ["<--aptopt=Acquire::http::Proxy \"http://localhost:3142\">"]),
    (("--release=experimental",),
     ["<unstable>", "<deb http://127.0.0.1:1/debian experimental main contrib non-free-firmware>"]),
    (("--format=raw", "--boot=efi"), []),
    (("--format=raw", "--boot=bios"), []),
)


def options_reach_mmdebstrap() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        fake = (directory / "bin" / "mmdebstrap").read_text()
        (directory / "bin" / "mmdebstrap").write_text(
            fake.replace('"$root/words"', f"{directory}/words"))
        for words, wanted in TOLD:
            result = stage.run(*words)
            assert result.returncode == 0, (words, result)
            told = (directory / "words").read_text().splitlines()
            assert set(wanted) <= set(told), (words, set(wanted) - set(told))
            assert stage.leftovers() == [], stage.leftovers()


def a_dry_run_touches_nothing() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        result = stage.run("--dry-run", "--script=a b")
        assert result.returncode == 0 and "'--script' 'a b'" in result.stdout, result
        stage.nothing_has_changed()


# The peer's, and those of what was installed under this name before.
def older_command_lines_are_understood() -> None:
    for words, wanted in (
            (["-h"], "Usage:"), (["--dry-run"], '/unstable.img"'),
            (["--dry-run", "-a", "k", "-m", "http://m", "-r", "sid"], '/sid.img"'),
            (["--dry-run", "-r", "bookworm-backports"], '/bookworm-backports.img"'),
            (["--dry-run", "x.img", "-r", "sid"], '/x.img"'),
            (["--dry-run", "--release", "sid", "--arch", "amd64", "--sources", "s", "--user",
              "debci", "--script", "c", "/var/x.img"], '"/var/x.img"'),
            (["--print-sources", "--release", "sid", MIRROR], "deb http://127.0.0.1:1/debian sid"),
            (["--version"], "rocm-qemu-create ")):
        result = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60,
                                check=False)
        assert result.returncode == 0 and wanted in result.stdout, (words, result)


if os.geteuid() != 0:
    print("needs root: an ordinary user wants subordinate ids, and what they are for cannot be faked")
    raise SystemExit(77)
run_all([an_image_is_replaced, a_link_stays_one, owner_and_mode_stay, nobody_reads_a_draft,
         what_a_vm_writes_is_not_lost, it_is_stopped_anywhere,
         what_all_dead_ones_left_goes_with_the_next, an_early_death_is_swept_later,
         nobody_else_gets_in, an_old_log_explains_nothing, the_second_one_is_told_of_the_first,
         a_full_disk_is_told, no_network_is_told, wrong_words_are_told,
         what_would_be_ignored_is_refused, a_proof_that_cannot_be_is_told,
         a_raw_image_is_not_updated, a_wrong_place_is_told,
         missing_tools_are_told_with_their_packages, a_user_without_namespaces_is_told,
         a_user_without_subordinate_ids_is_told, options_reach_mmdebstrap,
         a_dry_run_touches_nothing, older_command_lines_are_understood])
