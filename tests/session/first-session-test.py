#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The README's first session is typed into a real terminal, and what that shows is compared
with what the README shows; each command must succeed. It is the block behind the comment
"session: first": lines that begin with "$ " are typed; "…" in the others is anything, and alone
in its line any lines.

Without --whole the image is not built, as that takes minutes: the lines up to the next command
are then passed over, and the image is the one of the other tests."""

import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
from installed import make_bin  # noqa: E402
from server import (environment, processes_knowing, run_all, temporary_directory,  # noqa: E402
                    test_image)
from tmux import Tmux  # noqa: E402

README = TESTS.parent / "README.md"
BUILDS_IMAGE = "rocm-qemu-create "
SECONDS = 300
BUILD_SECONDS = 1800


def session() -> Iterator[tuple[str, list[str]]]:
    """The commands, and what is seen of each."""
    blocks = re.findall(r"<!-- session: first -->\n+```console\n(.*?)```", README.read_text(),
                        re.DOTALL)
    assert len(blocks) == 1, f"{len(blocks)} first sessions in {README}"
    parts = re.split(r"^\$ ", blocks[0], flags=re.MULTILINE)
    assert parts[0] == "" and len(parts) > 3, parts
    for part in parts[1:]:
        command, *shown = part.rstrip("\n").split("\n")
        yield command, shown


def pattern_of(lines: list[str]) -> str:
    """For lines that end with a newline each."""
    def one(line: str) -> str:
        if line == "…":
            return r"(?:.*\n)*"
        return ".*".join(re.escape(part) for part in line.split("…")) + r"\n"
    return "".join(one(line) for line in lines)


def an_empty_pattern_matches_little() -> None:
    """Else nothing would be proven."""
    for lines, text, matches in (
            (["a…c"], "abc\n", True), (["a…c"], "abcd\n", False), (["a.c"], "abc\n", False),
            (["…"], "", True), (["…", "end"], "1\n2\nend\n", True),
            (["…", "end"], "1\nend\n2\n", False), ([], "", True), ([], "x\n", False)):
        found = re.fullmatch(pattern_of(lines), text) is not None
        assert found == matches, (lines, text)


def the_first_session() -> None:
    with temporary_directory() as directory:
        home, tmp, work = (directory / name for name in ("home", "tmp", "work"))
        for made in (home, tmp, work):
            made.mkdir()
        env = environment(HOME=str(home), TMPDIR=str(tmp), AQR_WARM="auto", LANG="C.UTF-8",
                          AQR_WARM_DIR=str(home / "warm"), PATH=make_bin(directory / "bin"))
        env.pop("TMUX", None)
        with Tmux(directory, cwd=work, env=env) as terminal:
            for command, expected in session():
                play(terminal, work, command, expected)
        assert not processes_knowing(str(directory))
        assert not list(tmp.glob("aqr-*"))


def play(terminal: Tmux, work: pathlib.Path, command: str, expected: list[str]) -> None:
    if command.startswith(BUILDS_IMAGE) and not whole:
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b",
                        test_image(), work / command.split()[-1]], check=True)
        print(f"      passed over: {command}")
        return
    seen = terminal.type(command, BUILD_SECONDS if command.startswith(BUILDS_IMAGE) else SECONDS)
    text = "".join(f"{line}\n" for line in seen)
    assert re.fullmatch(pattern_of(expected), text), (
        f"$ {command}\n--- the terminal shows\n{text}--- the README shows\n" + "\n".join(expected))
    assert terminal.status() == 0, f"{command}: status {terminal.status()}\n{text}"
    print(f"      {command}")


whole = sys.argv[1:] == ["--whole"]
run_all([an_empty_pattern_matches_little, the_first_session])
