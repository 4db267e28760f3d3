# SPDX-License-Identifier: GPL-2.0-or-later
"""Our package, as it is built and installed in a root file system, and what the tests of it
need: commands that say what they printed when they fail, and what there is in the file system."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence

SOURCE = pathlib.Path("/source/tree")
NAME = "autopkgtest-virt-qemu-rocm"
DEBS = pathlib.Path("/var/tmp/debs")
SOURCES_LIST = pathlib.Path("/etc/apt/sources.list")

# Not on a disk, or what dpkg, apt and the like keep for themselves.
NOT_COMPARED = ["/proc", "/sys", "/dev", "/source", "/var/tmp/one", "/var/tmp/two", "/var/tmp/debs",
                "/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt", "/var/cache/debconf",
                "/var/cache/man", "/var/log", "/tmp"]


def say(text: str) -> None:
    print(text, flush=True)


def run(*argv: str | pathlib.Path, env: Mapping[str, str] | None = None, **more) -> str:
    """What it printed. CalledProcessError has that, too."""
    return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=os.environ | (env or {}), **more).stdout


def apt(*words: str | pathlib.Path) -> str:
    return run("apt-get", "-q", "-y", "--no-install-recommends", *words,
               env={"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})


def status(package: str) -> str:
    """As dpkg knows it: "installed", "config-files"; "" where it does not."""
    found = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package], text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return found.replace("not-installed", "")


def remade(deb: pathlib.Path, fields: Mapping[str, str]) -> pathlib.Path:
    """The same package with other fields."""
    tree = DEBS / "tree"
    run("dpkg-deb", "--raw-extract", deb, tree)
    control = tree / "DEBIAN" / "control"
    lines = [line for line in control.read_text().splitlines() if line.split(":")[0] not in fields]
    control.write_text("\n".join(lines + [f"{key}: {fields[key]}" for key in fields]) + "\n")
    name = f"{'-'.join(filter(None, [deb.stem, fields.get('Version')]))}-remade.deb"
    run("dpkg-deb", "--root-owner-group", "--build", tree, DEBS / name)
    shutil.rmtree(tree)
    return DEBS / name


def entries(top: str) -> Iterator[os.DirEntry]:
    with os.scandir(top) as listed:
        for entry in listed:
            if entry.path in NOT_COMPARED:
                continue
            yield entry
            if entry.is_dir(follow_symlinks=False):
                yield from entries(entry.path)


def file_system() -> dict[str, tuple]:
    """Each file's mode, owner, size and, but for directories, when it was changed."""
    found = {}
    for entry in entries("/"):
        of = entry.stat(follow_symlinks=False)
        is_dir = entry.is_dir(follow_symlinks=False)
        found[entry.path] = (oct(of.st_mode), of.st_uid, of.st_gid,
                             *(() if is_dir else (of.st_size, of.st_mtime_ns)))
    return found


def difference(before: Mapping[str, tuple], after: Mapping[str, tuple]) -> list[str]:
    """Paths that came, went or changed."""
    return sorted(path for path in before.keys() | after.keys()
                  if before.get(path) != after.get(path))


def digest(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def be_a_users_system() -> None:
    """The root file system was made without documentation, as it is for tests; and what is
    missing there shall not be fetched."""
    for path in pathlib.Path("/etc/dpkg/dpkg.cfg.d").iterdir():
        path.write_text(re.sub("^path-exclude.*\n", "", path.read_text(), flags=re.MULTILINE))
    SOURCES_LIST.write_text("")
    DEBS.mkdir()


class Package:
    def __init__(self, release: str) -> None:
        self.release = release
        self.built: list[pathlib.Path] = []  # the directory of each build
        self.log = ""  # of the first one
        be_a_users_system()

    @property
    def deb(self) -> pathlib.Path:
        found, = self.built[0].glob(f"{NAME}_*.deb")
        return found

    def files(self) -> Sequence[pathlib.Path]:
        return [pathlib.Path(line) for line in run("dpkg-query", "-L", NAME).splitlines()]
