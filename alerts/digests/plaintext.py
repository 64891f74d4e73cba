"""Lines of plain text: wrapped at 76 columns, indented, never longer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

COLUMNS = 76

_BREAKS = re.compile(r"[^\S\xa0]+")  # a no-break space is none


@lru_cache(maxsize=256)  # readers of one rule have much in common
def wrapped(text: str, indent: int = 0, first: str = "", columns: int = COLUMNS) -> str:
    """Return `text` as lines of at most `columns`, each indented, the first begun by `first`.

    `first` replaces the indent of the first line. A word longer than a line is broken.
    """
    margin, room = " " * indent, columns - indent
    measure, words = _words(text)
    pieces = (p for w in words for p in ((w,) if measure(w) <= room else _pieces(w, room)))
    lines, line, used = [], first or margin, width(first or margin)
    is_empty = True
    for piece in pieces:
        step = measure(piece)
        if not is_empty and used + 1 + step > columns:
            lines.append(line)
            line, used, is_empty = margin, indent, True
        line += piece if is_empty else f" {piece}"
        used += step if is_empty else 1 + step
        is_empty = False
    return "\n".join([*lines, line]).replace("\xa0", " ")


def _words(text: str) -> tuple[Callable[[str], int], list[str]]:
    """Return how wide its words are, and the words."""
    if text.isascii():
        return len, text.split()
    return width, [*filter(None, _BREAKS.split(text))]


def _pieces(word: str, room: int) -> list[str]:
    """Return a word that outgrows a line, cut where it would."""
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
