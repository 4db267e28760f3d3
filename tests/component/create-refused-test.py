#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the built rocm-qemu-create refuses, with which status, and what it says to do: wrong words,
places, hosts that lack something. Nothing has been built then, and the old image is as it was."""

import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from create_stage import PROGRAM, Stage, run_all_as_root, run_as  # noqa: E402
from server import temporary_directory  # noqa: E402


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
    (["--timeout-reboot=-1"], 2, "not negative"),
    (["--update-timeout=-1"], 2, "not negative"),
    (["--update-timeout=60"], 2, "--update-timeout is for --update"),
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
    (["--proxy=auto"], 2, "no URL of a proxy"),
    (["--gpu=gfx1030", "--gpu=gfx10zz"], 2, "\"gfx10zz\" is no gfx target"),
    (["--accel=foo"], 2, "foo"),
    (["--authorized-keys=/nonexistent"], 1, "--authorized-keys: \"/nonexistent\": No such file"),
    (["--log=/nonexistent/log"], 1, "cannot write to --log '/nonexistent/log'"),
    (["--script=/etc/passwd"], 1, "--script: \"/etc/passwd\": Permission denied"),
    (["--script=/etc"], 1, "--script: \"/etc\" is no file"),
    (["--authorized-keys=/etc"], 1, "--authorized-keys: \"/etc\" is no file"),
    (["--keyring=/etc/apt"], 1, "--keyring: \"/etc/apt\" is no file"),
    (["--keyring=/etc/passwd"], 1, "no key that apt can read; write one with gpg --export"),
    (["another"], 2, "more than one image"),
)


def wrong_words_are_told() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        for words, status, says in WRONG:
            result = stage.run(*words)
            assert result.returncode == status and says in result.stderr, (words, result)
            stage.nothing_has_changed()


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


def a_wrong_place_is_told() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        for image, says in (("/nonexistent/x", "cannot write to the directory \"/nonexistent\""),
                            ("/dev/null", "is there, and no file"),
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


def missing_tools_are_told_with_their_packages() -> None:
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
    with temporary_directory() as directory:
        stage = Stage(directory)
        result = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                 *stage.words()], capture_output=True, text=True, timeout=60,
                                check=False)
        assert result.returncode == 1, result
        assert "/etc/subuid gives nobody no subordinate ids" in result.stderr, result
        assert "--add-subuids" in result.stderr, result
        stage.nothing_has_changed()


run_all_as_root([wrong_words_are_told, what_would_be_ignored_is_refused,
                 a_proof_that_cannot_be_is_told, a_raw_image_is_not_updated,
                 a_wrong_place_is_told, missing_tools_are_told_with_their_packages,
                 a_user_without_namespaces_is_told, a_user_without_subordinate_ids_is_told])
