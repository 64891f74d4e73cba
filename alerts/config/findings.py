"""All mistakes of one run, each with its place: where readers report what is wrong.

A finding is made of a node (which knows its file) and, inside a scalar, of offsets in its value.
One cause gives one finding: the same one reported twice counts once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from yaml.error import Mark

from alerts.config.hiding import starred, without
from alerts.config.nodes import MappingNode, Node, ScalarNode, SequenceNode, split_lines
from alerts.errors import GrammarError
from alerts.model import Mistake

_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5}|U0010[0-9a-fA-F]{4}|[^xuU])"
)
_SIGILS = re.compile(r"(?:[&!]\S*\s+)+(?=\S)")  # an anchor and a tag before a plain value
_MAX_SHOWN = 200  # characters of a source line that are shown


class Findings:
    """Errors and warnings gathered while the files are read."""

    def __init__(self) -> None:
        self._found: dict[Mistake, None] = {}
        self._lines: dict[str, list[str]] = {}
        self.tracked: set[str] = set()  # files that lie in a git work tree
        self.torn: set[str] = set()  # keys at the top of which a part could not be read
        self.nameless: set[str] = set()  # those of which names may be missing for that reason
        self._unsure: dict[str, Node] = {}

    def opened(self, file: str, text: str) -> None:
        """Remember the lines of a file that is about to be read."""
        self._lines[file] = split_lines(text)

    def error(
        self, at: Node, message: str, suggestion: str = "", *, start: int = 0, end: int = 0
    ) -> None:
        """Record an error at a node, or at characters [start, end) of a scalar's value."""
        self._add("error", at, message, suggestion, (start, end))

    def warn(
        self, at: Node, message: str, suggestion: str = "", *, start: int = 0, end: int = 0
    ) -> None:
        """Record a warning; places as in `error`."""
        self._add("warning", at, message, suggestion, (start, end))

    def grammar(self, at: Node, error: GrammarError) -> None:
        """Record what a stage's grammar said about a scalar's value."""
        self.error(at, error.message, error.hint, start=error.start, end=error.end)

    def at_line(
        self, file: str, line: int, column: int, message: str, suggestion: str = "", width: int = 1
    ) -> None:
        """Record an error at a line and column (from 1), for what has no node."""
        self._record(message, suggestion, file, line, column, width, "error")

    def tear(self, *nouns: str, names: bool = True) -> None:
        """Remember that a part of these could not be read; `names`: nor what it defines."""
        self.torn.update(nouns)
        if names:
            self.nameless.update(nouns)

    def is_unsure(self, noun: str, at: Node) -> bool:
        """Return whether a name that is unknown at `at` may stand in what could not be read."""
        if noun in self.nameless:
            self._unsure.setdefault(noun, at)
        return noun in self.nameless

    def say_unsure(self) -> None:
        """Warn once, at the first of them, of names that could not be checked."""
        for noun, at in self._unsure.items():
            told = f"Whether this name is right is not known yet: a part of {noun}: is unreadable."
            self.warn(at, told, "Mend the errors, then check again.")

    def line(self, file: str, line: int) -> str:
        """Return a line of a file, "" where there is none."""
        lines = self._lines.get(file, [])
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def where(self, at: Node, seen_from: Node) -> str:
        """Return "line 12", or "line 12 of more.yaml", for a message about another place."""
        line, file = at.start_mark.line + 1, at.start_mark.name
        return f"line {line}" if file == seen_from.start_mark.name else f"line {line} of {file}"

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Everything found, in the order of files and lines."""
        order = {file: n for n, file in enumerate(self._lines)}
        key = lambda m: (order.get(m.file, -1), m.line, m.column, m.severity)  # noqa: E731
        return tuple(sorted(self._found, key=key))

    @property
    def errors(self) -> tuple[Mistake, ...]:
        """The errors alone."""
        return tuple(m for m in self.mistakes if m.severity == "error")

    @property
    def warnings(self) -> tuple[Mistake, ...]:
        """The warnings alone."""
        return tuple(m for m in self.mistakes if m.severity == "warning")

    def _add(
        self,
        severity: Literal["error", "warning"],
        at: Node,
        message: str,
        suggestion: str,
        within: tuple[int, int],
    ) -> None:
        line, column, width = self._place(at, *within)
        file = at.start_mark.name
        self._record(message, suggestion, file, line + 1, column + 1, width, severity)

    def _record(
        self,
        message: str,
        suggestion: str,
        file: str,
        line: int,
        column: int,
        width: int,
        severity: Literal["error", "warning"],
    ) -> None:
        """Record a mistake in whose line and words nothing secret is shown."""
        source, above = self.line(file, line), self.line(file, line - 1)
        told, hint = without(message, source, above), without(suggestion, source, above)
        shown = _shown(starred(source, above))
        self._found.setdefault(Mistake(told, hint, file, line, column, width, shown, severity))

    def _place(self, at: Node, start: int, end: int) -> tuple[int, int, int]:
        """Return line and column from 0, and the width of the caret."""
        begin, stop = at.start_mark, at.end_mark
        if isinstance(at, ScalarNode) and end > start:
            line, column = self._inside(at, start)
            last_line, last = self._inside(at, end - 1)
            return line, column, last - column + 1 if last_line == line and last >= column else 1
        if isinstance(at, ScalarNode) and not at.value and not at.style:
            return self._empty(begin)
        if isinstance(at, MappingNode | SequenceNode) and not at.flow_style:
            return begin.line, begin.column, 1
        if begin.line == stop.line:
            return begin.line, begin.column, max(1, stop.column - begin.column)
        rest = len(self.line(begin.name, begin.line + 1)) - begin.column
        return begin.line, begin.column, max(1, rest)

    def _empty(self, mark: Mark) -> tuple[int, int, int]:
        """Return where a value is missing: its key or its dash stands right before the mark."""
        before = self.line(mark.name, mark.line + 1)[: mark.column].rstrip()
        item = re.search(r"-$", before)
        key = item or re.search(r"(?!- )[^\s,{\[][^,{\[]*$", before)
        if not key:
            return mark.line, mark.column, 1
        return mark.line, key.start(), max(1, len(key[0].rstrip(":").rstrip()))

    def _inside(self, at: ScalarNode, offset: int) -> tuple[int, int]:
        """Return line and column of a character of a scalar's value.

        Quotes, escapes, folding and indentation make the source longer than the value: both are
        walked side by side, blanks against blanks, every other character against itself.
        """
        line, column = at.start_mark.line, at.start_mark.column + (at.style in ("'", '"'))
        if at.style in ("|", ">"):
            line, column = line + 1, 0
        source, stop = self.line(at.start_mark.name, line + 1), at.end_mark.line
        sigil = _SIGILS.match(source, column) if not at.style else None
        column = sigil.end() if sigil else column
        look = _find_escaped if at.style == '"' else str.find
        for n, char in enumerate(at.value):
            if n == offset and char.isspace():
                break
            if char.isspace():
                column += column < len(source) and source[column].isspace()
                continue
            while (found := look(source, char, column)) < 0:
                if line >= stop:
                    return at.start_mark.line, at.start_mark.column
                line, column = line + 1, 0
                source = self.line(at.start_mark.name, line + 1)
            column = found
            if n == offset:
                break
            escape = _ESCAPE.match(source, column) if at.style == '"' else None
            column = escape.end() if escape else column + 1
        return line, column


def _find_escaped(source: str, char: str, column: int) -> int:
    """Return where a character of the value stands, written out or as an escape; -1 if nowhere."""
    escape = _ESCAPE.match(source, column)
    if escape and _unescaped(escape[0]) == char:
        return column
    return source.find(char, escape.end() if escape else column)


def _unescaped(escape: str) -> str:
    return chr(int(escape[2:], 16)) if escape[1] in "xuU" else escape[1]


def _shown(source: str) -> str:
    """Return a source line fit to be printed: no control characters, not endless."""
    safe = "".join(
        c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in source
    )
    return safe[:_MAX_SHOWN]


def quoted(text: str, limit: int = 60) -> str:
    """Return text in double quotes on one line, shortened: for use inside a message."""
    line = " ".join(text.split())
    return f'"{line if len(line) <= limit else line[: limit - 1] + "…"}"'


def listed(items: Iterable[str], last: str = "or") -> str:
    """Return "a, b or c"."""
    *most, end = items
    return f"{', '.join(most)} {last} {end}" if most else end
