# SPDX-License-Identifier: GPL-2.0-or-later
"""What the package does to a system: installed, in the place of rocm-qemu-support or giving it
back, removed and purged. Each test leaves the system without ours."""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterator

from package import (DEBS, NAME, SOURCE, SOURCES_LIST, Package, apt, difference, file_system,
                     remade, run, say, status)

IMAGE = pathlib.Path("/source/image.qcow2")  # tests/package/run --guest
PEER = "rocm-qemu-support"
BACKEND = pathlib.Path("/usr/share/debci/backends")

# It goes when the host restarts: somebody may have locked a GPU there.
MEETING_PLACE = "/run/lock/rocm-gpu"

# What may stay: the administrator's and the users' own.
OWN = {
    "/etc/tmpfiles.d/rocm-qemu.conf": "d /run/lock/rocm-gpu 1777 root root -\n",
    "/etc/udev/rules.d/99-rocm-qemu.rules": "# rocm-qemu-setup --apply\n",
    "/root/.cache/autopkgtest-virt-qemu-rocm/libvirt/capabilities.xml": "<cache/>",
    "/var/lib/libvirt/images/sid.qcow2": "an image",
}
CACHED = f"/var/cache/{NAME}/warm/0123/memory"


@contextlib.contextmanager
def installed(package: Package) -> Iterator[None]:
    apt("install", package.deb)
    try:
        yield
    finally:
        apt("purge", NAME)


def programs(package: Package) -> list[pathlib.Path]:
    return [path for path in package.files() if path.parent == pathlib.Path("/usr/bin")]


def its_programs_answer(package: Package) -> None:
    with installed(package):
        names = programs(package)
        assert len(names) >= 6, names
        for path in names:
            assert "\nUsage:" in "\n" + run(path, "--help"), path
            run("man", "--where", path.name)
        version = run("dpkg-query", "-W", "-f", "${Version}", NAME)
        for name in (NAME, "autopkgtest-virt-qemu+rocm"):
            assert run(name, "--version").split()[-1] == version, (name, version)


def its_programs_find_their_helpers(package: Package) -> None:
    """Where only these are installed: without a network and without starting anything."""
    mirror = "http://127.0.0.1:1/debian"
    with installed(package), tempfile.TemporaryDirectory() as directory:
        sources = run("rocm-qemu-create", "--print-sources", f"--mirror={mirror}",
                      "--release=trixie")
        assert sources.startswith(f"deb {mirror} trixie main"), sources
        image = f"{directory}/image.qcow2"
        plan = run("rocm-qemu-create", "--dry-run", "--release=trixie", image)
        builder = pathlib.Path(shlex.split(plan)[0])
        assert builder in package.files() and os.access(builder, os.X_OK), plan
        run("qemu-img", "create", "-q", "-f", "qcow2", image, "1M")
        shown = run("rocm-qemu-run", "--dry-run", "-s", "-g", "none", "--accel=tcg",
                    "--connect=qemu:///embed", image)
        assert shown.startswith("qemu-img create") and "<domain " in shown, shown


def users_of_gpus_meet_in_a_directory_of_roots(package: Package) -> None:
    place = pathlib.Path(MEETING_PLACE)
    if place.exists():
        place.rmdir()
    with installed(package):
        of = place.stat()
        assert (oct(of.st_mode), of.st_uid, of.st_gid) == ("0o41777", 0, 0), of
        place.rmdir()
        run("systemd-tmpfiles", "--create", "--boot")
        assert oct(place.stat().st_mode) == "0o41777"
        run("setpriv", "--reuid=nobody", "--clear-groups", "rocm-qemu-gpus", "list")


def debci_has_the_backend(package: Package) -> None:
    """All that debci calls of its own backend for QEMU."""
    with installed(package):
        for path in (BACKEND / "qemu").iterdir():
            ours = BACKEND / "qemu_rocm" / path.name
            assert os.access(ours, os.X_OK) or path.name == "environment.sh", ours


def bash_completes_each_program(package: Package) -> None:
    load = 'source /usr/share/bash-completion/bash_completion; ' \
        '_completion_loader "$1" || _comp_load "$1"; complete -p "$1"'
    with installed(package):
        for path in programs(package):
            run("bash", "-c", load, "bash", path.name)


def its_autopkgtest_passes(package: Package) -> None:
    """The one that boots guests, where there is an image for it."""
    names = ["programs", *(["guest"] if IMAGE.exists() else [])]
    try:
        # 8: passed, but what has run is superficial.
        said = run("bash", "-c", '"$@" || [ $? = 8 ]', "bash", "autopkgtest",
                   *(f"--test-name={name}" for name in names),
                   f"--env=AQR_TEST_IMAGE={IMAGE}", "--no-built-binaries", package.deb,
                   f"{SOURCE}/", "--", "null")
    finally:
        apt("purge", NAME)
    for name in names:
        assert re.search(rf"^{name} +PASS", said, re.MULTILINE), said


def write(path: str, text: str) -> None:
    file = pathlib.Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def unexpected(before: dict, after: dict) -> list[str]:
    return [path for path in difference(before, after)
            if path != MEETING_PLACE and not any(own.startswith(path) for own in OWN)]


def what_is_purged_is_gone_and_what_is_not_ours_stays(package: Package) -> None:
    before = file_system()
    apt("install", package.deb)
    came = difference(before, file_system())
    for path, text in {**OWN, CACHED: "memory"}.items():
        write(path, text)
    apt("remove", NAME)
    assert status(NAME) == "config-files" and pathlib.Path(CACHED).exists(), status(NAME)
    left = unexpected(before, file_system())
    assert left == [f"/var/cache/{NAME}", f"/var/cache/{NAME}/warm", f"/var/cache/{NAME}/warm/0123",
                    CACHED], left
    apt("purge", NAME)
    assert status(NAME) == "", status(NAME)
    left = unexpected(before, file_system())
    assert left == [], left
    for path, text in OWN.items():
        assert pathlib.Path(path).read_text() == text, path
        pathlib.Path(path).unlink()
    say(f"      {len(came)} paths came, and went")


def peer(version: str = "0.9.8") -> pathlib.Path:
    """Without what plays no part here: large packages, and an autopkgtest that Debian 12 lacks."""
    return remade(pathlib.Path("/source/rocm-qemu-support.deb"),
                  {"Depends": "autopkgtest, ovmf, qemu-system-x86, qemu-utils", "Version": version})


def owner(path: str) -> str:
    return run("dpkg-query", "--search", path).split(":")[0]


def it_takes_the_place_of_rocm_qemu_support(package: Package) -> None:
    before = file_system()
    apt("install", peer())
    theirs = [line for line in run("dpkg-query", "-L", PEER).splitlines()
              if line.startswith("/usr/bin/")]
    assert len(theirs) == 4, theirs
    apt("install", package.deb)
    assert status(PEER) in ("", "config-files"), status(PEER)
    for path in theirs:
        assert owner(path) == NAME, path
        run(path, "--help")
    assert run("dpkg", "--verify", NAME) == ""
    apt("purge", PEER, NAME)
    left = unexpected(before, file_system())
    assert left == [], left


def rocm_qemu_support_can_come_back(package: Package) -> None:
    before = file_system()
    apt("install", package.deb)
    apt("install", peer())
    assert status(NAME) in ("", "config-files") and status(PEER) == "installed"
    assert run("dpkg", "--verify", PEER) == ""
    assert owner("/usr/bin/rocm-qemu-run") == PEER
    apt("purge", PEER, NAME)
    left = unexpected(before, file_system())
    assert left == [], left


@contextlib.contextmanager
def an_archive_with(*debs: pathlib.Path) -> Iterator[None]:
    """And with nothing else."""
    archive = DEBS / "archive"
    archive.mkdir()
    for deb in debs:
        shutil.copy(deb, archive)
    run("bash", "-c", "dpkg-scanpackages --multiversion . >Packages", cwd=archive)
    SOURCES_LIST.write_text(f"deb [trusted=yes] file:{archive} ./\n")
    run("apt-get", "update")
    try:
        yield
    finally:
        SOURCES_LIST.write_text("")
        shutil.rmtree(archive)
        shutil.rmtree("/var/lib/apt/lists")


def a_full_upgrade_keeps_what_was_chosen(package: Package) -> None:
    """Neither of the two comes in place of the other, though the archive has a newer one."""
    newer = remade(package.deb, {"Version": "0.1.1"})
    with an_archive_with(newer, peer("0.9.9")):
        apt("install", peer())
        apt("full-upgrade")
        assert (status(PEER), status(NAME)) == ("installed", "")
        assert "0.9.9" in run("dpkg-query", "-W", PEER)
        apt("install", package.deb)
        apt("full-upgrade")
        assert (status(PEER), status(NAME)) == ("", "installed"), status(PEER)
        assert "0.1.1" in run("dpkg-query", "-W", NAME)
        apt("purge", NAME)


def it_will_do_for_who_asks_for_rocm_qemu_support(package: Package) -> None:
    wants = remade(peer(), {"Package": "wants-it", "Depends": f"{PEER} (>= 0.9.8)", "Version": "1"})
    tree = DEBS / "empty"
    tree.mkdir()
    run("dpkg-deb", "--control", wants, tree / "DEBIAN")
    run("dpkg-deb", "--root-owner-group", "--build", tree, wants)
    apt("install", package.deb, wants)
    try:
        run("apt-get", "check")
        assert status("wants-it") == "installed" and status(PEER) == ""
    finally:
        apt("purge", "wants-it", NAME)


TESTS = [its_programs_answer, its_programs_find_their_helpers, users_of_gpus_meet_in_a_directory_of_roots, debci_has_the_backend,
         bash_completes_each_program, its_autopkgtest_passes,
         what_is_purged_is_gone_and_what_is_not_ours_stays, it_takes_the_place_of_rocm_qemu_support,
         rocm_qemu_support_can_come_back, a_full_upgrade_keeps_what_was_chosen,
         it_will_do_for_who_asks_for_rocm_qemu_support]
