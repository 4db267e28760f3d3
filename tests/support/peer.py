# SPDX-License-Identifier: GPL-2.0-or-later
"""rocm-qemu-support, the package that ours takes the place of, as Debian's sid has it: what its
man pages tell people to type, and which files it installs."""

import gzip
import pathlib
import re
import subprocess

ROFF = ((r"\-", "-"), *((code, "") for code in (r"\fB", r"\fR", r"\fI", r"\fP", r"\,", r"\/")))


def files(deb: str) -> list[str]:
    """Their paths, without directories."""
    listed = subprocess.run(["dpkg-deb", "--contents", deb], capture_output=True, text=True,
                            check=True).stdout
    rows = [line.split(None, 5) for line in listed.splitlines()]
    return [row[5].removeprefix(".") for row in rows if not row[0].startswith("d")]


def pages(deb: str, directory: pathlib.Path) -> list[str]:
    """The sources of its man pages."""
    subprocess.run(["dpkg-deb", "--extract", deb, directory], check=True)
    found = sorted(directory.glob("usr/share/man/**/*.gz"))
    assert len(found) == 4, found
    return [gzip.decompress(path.read_bytes()).decode() for path in found]


def plain(text: str) -> str:
    for code, meaning in ROFF:
        text = text.replace(code, meaning)
    return text.strip()


def commands(page: str) -> list[str]:
    """What is to be typed: after a "$", in a comment by ssh, and below "Synopsis"."""
    examples = re.findall(r"^\\f\(CW\$ (.*)\\fR$", page, re.MULTILINE)
    comments = re.findall(r"^# (ssh .*)$", page, re.MULTILINE)
    synopsis = page.split('.SS "Synopsis:"')[1].split(".SH")[0]
    forms = [line for line in synopsis.splitlines() if line and not line.startswith(".")]
    assert examples and forms, page
    return [plain(line) for line in (*forms, *examples, *comments)]
