#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures of terminals: what becomes of colours, columns and odd characters; and that those in
data/doc need nothing but themselves."""

import pathlib
import re
import sys
import xml.etree.ElementTree

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "support"), str(TESTS / "session")]
from screen import COLOURS, HEAD, HEIGHT, MARGIN, WIDTH, picture  # noqa: E402
from server import run_all, temporary_directory  # noqa: E402
from tmux import Tmux  # noqa: E402

PICTURES = TESTS.parent / "data" / "doc" / "pictures"
SVG = "{http://www.w3.org/2000/svg}"
GREEN, BOLD, NONE = "\x1b[32m", "\x1b[1m", "\x1b[0m"


def texts(lines: list[str]) -> list[tuple[str, float, float, str | None, str | None]]:
    """Text, column, row, colour and weight of each piece, without the title."""
    root = xml.etree.ElementTree.fromstring(picture("title", lines, 80))
    assert root.find(f"{SVG}title").text == "title"
    pieces = root.findall(f"{SVG}g/{SVG}text")[1:]
    return [(piece.text, round((float(piece.get("x")) - MARGIN) / WIDTH, 1),
             (float(piece.get("y")) - HEAD - MARGIN) // HEIGHT, piece.get("fill"),
             piece.get("font-weight")) for piece in pieces]


ROWS = [
    (["a b"], [("a b", 0, 0, None, None)]),
    (["  a", "", "b  "], [("a", 2, 0, None, None), ("b", 0, 2, None, None)]),
    ([f"x {GREEN}PASS{NONE}  y"], [("x", 0, 0, None, None), ("PASS", 2, 0, COLOURS[2], None),
                                   ("y", 8, 0, None, None)]),
    ([f"{GREEN}{BOLD}a", "b\x1b[39;22mc"], [("a", 0, 0, COLOURS[2], "bold"),
                                         ("b", 0, 1, COLOURS[2], "bold"), ("c", 1, 1, None, None)]),
    (["\x1b[96mc\x1b[m"], [("c", 0, 0, COLOURS[14], None)]),
    (["<&>\x0f\x1b(B"], [("<&>", 0, 0, None, None)]),
    (["a", "", f"{NONE}  "], [("a", 0, 0, None, None)]),
]


def each_piece_is_where_it_was() -> None:
    for lines, wanted in ROWS:
        assert texts(lines) == wanted, (lines, texts(lines))


def a_terminal_is_taken() -> None:
    with temporary_directory() as directory, Tmux(directory) as terminal:
        command = r"printf 'a\033[32mgreen\033[0m\n'; for n in 1 2; do echo $n; done"
        shown = terminal.type(command, 30)
        assert shown == ["agreen", "1", "2"] and terminal.status() == 0, shown
        terminal.type("false", 30)
        assert terminal.status() == 1
        taken = texts(terminal.screen())
        assert ("green", 1, 1, COLOURS[2], None) in taken, taken


def the_pictures_stand_alone() -> None:
    """In no other place is anything looked for."""
    found = sorted(PICTURES.glob("*.svg"))
    assert found
    for path in found:
        text = path.read_text()
        root = xml.etree.ElementTree.fromstring(text)
        kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
        assert kinds <= {"svg", "title", "rect", "path", "g", "text"}, (path, kinds)
        bare = text.replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"href|url\(|src=|@import", bare), path
        assert not re.search(r'="[^"]*://', bare), path


run_all([each_piece_is_where_it_was, a_terminal_is_taken, the_pictures_stand_alone])
