# SPDX-License-Identifier: GPL-2.0-or-later
"""What a terminal shows, as tmux tells it with its colours, as a picture (SVG) that needs no font
and no file besides itself, and is readable on a dark and on a light page."""

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

SGR = re.compile(r"\x1b\[([0-9;]*)m")
OTHER_ESCAPE = re.compile(r"\x1b(\[[0-9;?]*[@-ln-~]|[()][A-Z0-9])|[\x0e\x0f]")

# The eight colours, and the bright ones.
COLOURS = ("#6b7280", "#f87171", "#4ade80", "#facc15", "#60a5fa", "#e879f9", "#22d3ee", "#e5e7eb",
           "#9ca3af", "#fca5a5", "#86efac", "#fde047", "#93c5fd", "#f0abfc", "#67e8f9", "#ffffff")
BACKGROUND, FOREGROUND, BAR, TITLE = "#111827", "#e5e7eb", "#1f2937", "#9ca3af"
WIDTH, HEIGHT, SIZE, MARGIN, HEAD = 8.4, 19, 14, 14, 30

Style = tuple[str | None, bool]  # the colour, bold
PLAIN: Style = (None, False)


def next_style(style: Style, codes: str) -> Style:
    colour, bold = style
    for code in (int(word or 0) for word in codes.split(";")):
        if code == 0:
            colour, bold = PLAIN
        elif code in (1, 22):
            bold = code == 1
        elif 30 <= code <= 37:
            colour = COLOURS[code - 30]
        elif 90 <= code <= 97:
            colour = COLOURS[code - 90 + 8]
        elif code == 39:
            colour = None
    return colour, bold


def runs(line: str, style: Style) -> tuple[list[tuple[str, Style]], Style]:
    """A line's pieces of one style each, and the style that goes on in the next line."""
    found = []
    words = SGR.split(OTHER_ESCAPE.sub("", line))
    for index, word in enumerate(words):
        if index % 2:
            style = next_style(style, word)
        elif word:
            found.append((word, style))
    return found, style


def text_elements(lines: list[str]) -> Iterator[str]:
    """Each piece has its place and its length, so that columns are columns in any font."""
    style = PLAIN
    for row, line in enumerate(lines):
        pieces, style = runs(line, style)
        column = 0
        for text, (colour, bold) in pieces:
            shown = text.rstrip()
            first = len(shown) - len(shown.lstrip())
            if shown.strip():
                x, y = MARGIN + (column + first) * WIDTH, HEAD + MARGIN + row * HEIGHT + SIZE
                yield (f'<text x="{x:.1f}" y="{y}" textLength="{len(shown.strip()) * WIDTH:.1f}"'
                       + (f' fill="{colour}"' if colour else "")
                       + (' font-weight="bold"' if bold else "")
                       + f">{escape(shown.strip())}</text>")
            column += len(text)


def picture(title: str, lines: list[str], columns: int) -> str:
    """title: what is written above, and what is read out to those who do not see it."""
    while lines and not OTHER_ESCAPE.sub("", SGR.sub("", lines[-1])).strip():
        lines = lines[:-1]
    width, height = columns * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + HEAD + 2 * MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}"'
        f' viewBox="0 0 {width:.0f} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
        f'<path d="M0 {HEAD}V8a8 8 0 0 1 8-8H{width - 8:.0f}a8 8 0 0 1 8 8V{HEAD}Z" fill="{BAR}"/>',
        f'<g font-family="monospace" font-size="{SIZE}" fill="{FOREGROUND}" xml:space="preserve">',
        f'<text x="{MARGIN}" y="20" fill="{TITLE}" font-size="12">{escape(title)}</text>',
        *text_elements(lines),
        "</g>", "</svg>", ""])
