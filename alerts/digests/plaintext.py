"""Lines of plain text: wrapped at 76 columns, indented, never longer."""

from __future__ import annotations

import re
import unicodedata

COLUMNS = 76

_BREAKS = re.compile(r"[^\S\xa0]+")  # a no-break space is none


def wrapped(text: str, indent: int = 0, first: str = "", columns: int = COLUMNS) -> str:
    """Return `text` as lines of at most `columns`, each indented, the first begun by `first`.

    `first` replaces the indent of the first line. A word longer than a line is broken.
    """
    margin = " " * indent
    lines, line, room = [], first or margin, columns
    is_empty = True
    for word in filter(None, _BREAKS.split(text)):
        for piece in _pieces(word, room - indent):
            if not is_empty and width(line) + 1 + width(piece) > room:
                lines.append(line)
                line, is_empty = margin, True
            line += piece if is_empty else f" {piece}"
            is_empty = False
    return "\n".join([*lines, line]).replace("\xa0", " ")


def _pieces(word: str, room: int) -> list[str]:
    """Return the word, cut where it would outgrow a line."""
    if width(word) <= room:
        return [word]
    pieces, piece, used = [], "", 0
    for character in word:
        step = width(character)
        if used + step > room:
            pieces.append(piece)
            piece, used = "", 0
        piece, used = piece + character, used + step
    return [*pieces, piece]


def width(text: str) -> int:
    """Return the columns that `text` takes: wide characters of East Asia take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
