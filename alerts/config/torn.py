"""What can be read of a file whose YAML is broken: everything but the smallest part around it.

A part is one rule, feed or subscriber in its lines, else the block of a key at the top. It is
blanked out and the file read again, until nothing is broken; so one run tells all mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from alerts.config import keys
from alerts.config.findings import Findings

NAMED = ("feeds", "rules", "subscribers")
MAX_PARTS = 20  # a file with more broken parts is probably no file of ours

_TOP = re.compile(r"[^\s#\-\[\]{},]")
_KEY = re.compile(r"[\"']?([A-Za-z0-9_-]+)[\"']?\s*:")
_CHILD = re.compile(r"( *)(?=[^\s#\]},])")


@dataclass(frozen=True, slots=True)
class Torn:
    """Lines [start, end) that are not read, counted from 0, of the block of `noun` ("" unknown)."""

    start: int
    end: int
    noun: str = ""
    names: tuple[str, ...] = ()  # of the rules that probably stand in it

    def blanked(self, lines: list[str]) -> list[str]:
        """Return the lines without these."""
        return [*lines[: self.start], *[""] * (self.end - self.start), *lines[self.end :]]

    def tell(self, findings: Findings) -> None:
        """Remember what may be missing now."""
        if self.noun in ("", "include"):
            findings.tear(*keys.BY_NAME["top"])
        else:
            findings.tear(self.noun, names=not self.names)


def part(lines: list[str], line: int) -> Torn:
    """Return the smallest part of the file around a line (from 0)."""
    if re.match(r"\.\.\.|---", lines[line]):
        return Torn(line, line + 1, "version")  # nothing else is lost with it
    start = next((n for n in range(line, -1, -1) if _TOP.match(lines[n])), None)
    if start is None:
        return Torn(line, line + 1)
    end = next((n for n in range(start + 1, len(lines)) if _TOP.match(lines[n])), len(lines))
    key = _KEY.match(lines[start])
    noun = key[1] if key and key[1] in keys.BY_NAME["top"] else ""
    if key and noun in NAMED and not lines[start][key.end() :].partition("#")[0].strip():
        return _child(lines, line, start, end, noun)
    return Torn(start, end, noun)


def _child(lines: list[str], line: int, start: int, end: int, noun: str) -> Torn:
    """Return the item or rule of a block around a line."""
    starts = list(_children(lines, start + 1, end))
    first = next((n for n in reversed(starts) if n <= line), None)
    if first is None:
        return Torn(start, end, noun)
    last = next((n for n in starts if n > first), end)
    names = tuple(_names(lines[first:last])) if noun == "rules" else ()
    return Torn(first, last, noun, names)


def _children(lines: list[str], start: int, end: int) -> Iterator[int]:
    """Yield the lines that stand where the first line of the block stands."""
    depth = None
    for n in range(start, end):
        found = _CHILD.match(lines[n])
        if found and (depth is None or len(found[1]) <= depth):
            depth = len(found[1]) if depth is None else depth
            yield n


def _names(lines: list[str]) -> Iterator[str]:
    """Yield what may be the name of a rule; nothing if the first line shows none."""
    first = _KEY.match(lines[0].lstrip())
    if not first:
        return
    yield first[1]
    for line in lines[1:]:
        found = _KEY.match(line.lstrip())
        if found and found[1] not in keys.BY_NAME["rule"]:
            yield found[1]
