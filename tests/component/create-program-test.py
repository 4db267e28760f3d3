#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The built rocm-qemu-create: what it puts where the old image was, whose that is, and what of its
options mmdebstrap is told."""

import fcntl
import json
import os
import pathlib
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from create_stage import FAKE, MIRROR, PROGRAM, SECONDS, Stage, child_of, run_all_as_root  # noqa: E402
from server import temporary_directory  # noqa: E402


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


# What is not proven is known to boot as it was built to, with --check and --update, too.
def the_manifest_says_what_boots_it() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        for words, boots in (((), ["efi", "bios"]), (("--boot=both",), ["efi", "bios"]),
                             (("--boot=efi",), ["efi"]), (("--boot=bios",), ["bios"])):
            result = stage.run(*words)
            manifest = json.loads((directory / "out" / "x.img.json").read_text())
            assert manifest["boots"] == boots, (words, result)
            assert "findings" not in manifest and manifest["packages"] == {}, manifest


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


def nobody_reads_a_draft() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory, "qemu-img", "convert")
        process = stage.start()
        mode = who_may_read(directory / "out" / ".x.img.new")[0]
        process.terminate()
        process.communicate(timeout=SECONDS)
        assert mode == 0o700, oct(mode)


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


# What mmdebstrap is told, by the options.
TOLD = (
    ((), ["<--include=linux-image-amd64>", "<--include=openssh-server>",
          "<--include=?exact-name(firmware-amd-graphics)>", "<trixie>",
          "<deb http://127.0.0.1:1/debian trixie main contrib non-free-firmware>"]),
    (("--kernel=linux-image-amd64/trixie-backports",),
     ["<--include=linux-image-amd64/trixie-backports>"]),
    (("--proxy=http://localhost:3142",),
     ["<--aptopt=Acquire::http::Proxy \"http://localhost:3142\">",
      "<--aptopt=Acquire::https::Proxy \"http://localhost:3142\">"]),
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


# apt goes by the name, whatever its owner has called it.
def a_key_gets_the_name_of_its_form() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        fake = (directory / "bin" / "mmdebstrap").read_text()
        (directory / "bin" / "mmdebstrap").write_text(
            fake.replace('"$root/words"', f"{directory}/words")
            + f'cp "${{root%/*}}"/testbed.* {directory}/copy\n')
        key = directory / "my key.pgp"
        for content, name in (
                (b"key of me\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "testbed.asc"),
                (b"\x98\x8d", "testbed.gpg"), (b"\x99\x01", "testbed.gpg"),
                (b"\xc6\x01", "testbed.gpg")):
            key.write_bytes(content)
            result = stage.run(f"--keyring={key}")
            assert result.returncode == 0, (name, result)
            (told,) = [word for word in (directory / "words").read_text().splitlines()
                       if word.startswith("<--keyring=")]
            assert told.endswith(f"/{name}>"), told
            assert (directory / "copy").read_bytes() == content
        key.write_bytes(b"\0\0\0\x20\1\1\0\2KBXf")
        result = stage.run(f"--keyring={key}")
        assert result.returncode == 1 and "no key that apt can read" in result.stderr, result


# What the environment and the configuration of the host's APT say of a proxy; an option; and which is
# taken for http and https. "detect" is a program.
URL = MIRROR.removeprefix("--mirror=")
DETECT = "Acquire::http::Proxy-Auto-Detect \"detect\";"
APT = "Acquire::http::Proxy \"http://apt:1\"; Acquire::http::Proxy::other \"http://other\";"
DIRECT = "Acquire::https::Proxy \"DIRECT\";"
PROXIES = (
    ({}, "", "", None, None),
    ({"AUTOPKGTEST_APT_PROXY": "http://env:1"}, APT + DIRECT, "", "http://env:1", "http://env:1"),
    ({"ADT_APT_PROXY": "http://env:2"}, APT, "", "http://env:2", "http://env:2"),
    ({"AUTOPKGTEST_APT_PROXY": "http://env:1"}, APT, "http://me", "http://me", "http://me"),
    ({"AUTOPKGTEST_APT_PROXY": "http://env:1"}, APT, "DIRECT", "DIRECT", "DIRECT"),
    ({}, APT + DETECT, "", "http://apt:1", "http://apt:1"),
    ({}, APT + DIRECT, "", "http://apt:1", "DIRECT"),
    ({}, DIRECT, "", None, "DIRECT"),
    ({}, DETECT, "", f"http://for/{URL}", "DIRECT"),
    ({}, DETECT + DETECT.replace("http", "https"), "", f"http://for/{URL}",
     f"http://for/{URL.replace('http', 'https')}"),
    ({"FAILS": "1"}, DETECT, "", None, None),
    ({"AUTOPKGTEST_APT_PROXY": "wrong"}, "", "", "'wrong', the proxy of $AUTOPKGTEST", ""),
    ({}, "Acquire::http::Proxy \"wrong\";", "", "'wrong', the proxy of this host's apt", ""),
)
FIND_PROXY = """#!/bin/sh
[ -z "$FAILS" ] || exit 1
echo "http://for/$1"
echo more
"""


def proxies_told(words: list[str], scheme: str) -> list[str]:
    begin = f'<--aptopt=Acquire::{scheme}::Proxy "'
    return [word[len(begin):-2] for word in words if word.startswith(begin)]


def the_proxy_of_the_host_is_used() -> None:
    for variables, text, option, plain, tls in PROXIES:
        with temporary_directory() as directory:
            stage = Stage(directory)
            fake = (directory / "bin" / "mmdebstrap").read_text()
            (directory / "bin" / "mmdebstrap").write_text(
                fake.replace('"$root/words"', f"{directory}/words"))
            (directory / "detect").write_text(FIND_PROXY)
            (directory / "detect").chmod(0o755)
            (directory / "apt.conf").write_text(
                'Dir::Etc::main "/nowhere"; Dir::Etc::parts "/nowhere"; '
                + text.replace("detect", f"{directory}/detect") + "\n")
            stage.environment |= {"AUTOPKGTEST_APT_PROXY": "", "ADT_APT_PROXY": "", "FAILS": "",
                                  "APT_CONFIG": str(directory / "apt.conf")} | variables
            result = stage.run(*([f"--proxy={option}"] if option else []))
            if tls == "":
                assert result.returncode == 1 and plain in result.stderr, (text, result)
                continue
            assert result.returncode == 0, (text, result)
            told = (directory / "words").read_text().splitlines()
            for scheme, wanted in (("http", plain), ("https", tls)):
                assert proxies_told(told, scheme) == ([wanted] if wanted else []), (text, told)


# In the fake of mmdebstrap: the hooks by what they are told to do; and the one for packages is run.
HOOKS = """
for word; do
    case $word in
        --extract-hook=* | --customize-hook=*)
            set -- $word
            echo "${2:-${word##*/}}" >>"$AQR_STAGE/hooks" ;;
    esac
    case $word in
        *" packages "*) PATH=$AQR_STAGE/bin:$PATH sh -c "${word#*=}" hook "$root" ;;
    esac
done
"""
CHROOT = """#!/bin/sh
shift
echo "$@" >>"$AQR_STAGE/chroot"
[ "$2" != apt-get ] || exit "${APT_STATUS:-0}"
"""


# Some of them setup-testbed takes away, if they are there before it; the script may use them.
def packages_come_after_setup_testbed() -> None:
    for words, status, wanted in (
            ((), "0", []), (("--package=git",), "100", ["git"]),
            (("--package=git", "--package=vim/trixie-backports"), "0",
             ["git", "vim/trixie-backports"])):
        with temporary_directory() as directory:
            stage = Stage(directory)
            for name, more in (("mmdebstrap", FAKE + HOOKS), ("chroot", CHROOT)):
                (directory / "bin" / name).write_text(more.replace("#!/bin/bash", "#!/bin/bash -e"))
                (directory / "bin" / name).chmod(0o755)
            stage.environment["APT_STATUS"] = status
            result = stage.run("--script=/bin/true", *words)
            hooks = (directory / "hooks").read_text().split()
            assert hooks == ["look_for_packages", "testbed", "packages", "script",
                             "bootable"][:5 if status == "0" else 3], hooks
            if not wanted:
                assert result.returncode == 0 and not (directory / "chroot").exists(), result
                continue
            assert result.returncode == (status != "0"), result
            install, *clean = (directory / "chroot").read_text().splitlines()
            assert install.split()[:3] == ["eatmydata", "apt-get", "install"], install
            assert "--no-remove" in install and install.split()[-len(wanted):] == wanted, install
            assert clean == (["apt-get clean"] if status == "0" else []), clean


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


run_all_as_root([an_image_is_replaced, the_manifest_says_what_boots_it, a_link_stays_one,
                 owner_and_mode_stay, nobody_reads_a_draft, what_a_vm_writes_is_not_lost,
                 the_second_one_is_told_of_the_first, options_reach_mmdebstrap,
                 a_key_gets_the_name_of_its_form, the_proxy_of_the_host_is_used,
                 packages_come_after_setup_testbed, a_dry_run_touches_nothing,
                 older_command_lines_are_understood])
