# SPDX-License-Identifier: GPL-2.0-or-later

"""The files that are copied, and whether two trees are the same.

Their contents are random, as compression anywhere would flatter one side, and
the same in every run.
"""

import filecmp
import os
import random
import shutil
from pathlib import Path

FILE_SIZE = 100_000_000
SMALL_FILES = 500
SMALL_SIZES = (0, 8000)
FILES_IN_DIR = 25
MANY_FILES = 1089  # autopkgtest's own test of a copy's speed
MANY_SIZE = 100_000
MANY_IN_DIR = 33


def write_file(path: Path) -> None:
    source = random.Random(1)
    with path.open("wb") as file:
        for _ in range(FILE_SIZE // 1_000_000):
            file.write(source.randbytes(1_000_000))


def write_tree(path: Path, n_files: int, in_dir: int, sizes: tuple[int, int]) -> None:
    source = random.Random(2)
    for i in range(n_files):
        directory = path / f"dir{i // in_dir:02}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"file{i:04}").write_bytes(source.randbytes(source.randint(*sizes)))


def write_all(directory: Path) -> None:
    write_file(directory / "file")
    write_tree(directory / "tree", SMALL_FILES, FILES_IN_DIR, SMALL_SIZES)
    write_tree(directory / "many", MANY_FILES, MANY_IN_DIR, (MANY_SIZE, MANY_SIZE))
    os.sync()


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def list_tree(path: Path) -> list[Path]:
    return sorted(entry.relative_to(path) for entry in path.rglob("*"))


def are_same(one: Path, other: Path) -> bool:
    """For two files, or two directories of files and directories."""
    if one.is_file():
        return other.is_file() and filecmp.cmp(one, other, shallow=False)
    names = list_tree(one)
    if names != list_tree(other):
        return False
    files = [name for name in names if (one / name).is_file()]
    return all(filecmp.cmp(one / name, other / name, shallow=False) for name in files)
