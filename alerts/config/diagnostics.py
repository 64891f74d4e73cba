"""How mistakes are shown: with their line and a caret, as JSON, or for a forge's check page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from alerts.model import Mistake

_TAB_WIDTH = 4


def sentence(mistake: Mistake) -> str:
    """Return what is wrong and what to write, on one line."""
    return f"{mistake.message} {mistake.suggestion}".strip()


def headline(mistake: Mistake) -> str:
    """Return "FILE:LINE:COLUMN: error: what; what to do"."""
    place = f"{mistake.file}:{mistake.line}:{mistake.column}"
    return f"{place}: {mistake.severity}: {sentence(mistake)}"


def render(mistake: Mistake) -> str:
    """Return the headline, the source line and a caret under what is meant."""
    if not mistake.source.strip():
        return headline(mistake)
    before = mistake.source[: mistake.column - 1]
    source = mistake.source.expandtabs(_TAB_WIDTH)
    lead = len(before.expandtabs(_TAB_WIDTH))
    width = max(1, min(mistake.width, len(source) - lead))
    return f"{headline(mistake)}\n    {source}\n    {' ' * lead}{'^' * width}"


def report(errors: Sequence[Mistake], warnings: Sequence[Mistake]) -> str:
    """Return all of them in the order of files and lines, and the count as the last line."""
    ordered = in_order((*errors, *warnings))
    return "\n".join((*map(render, ordered), f"{count(errors, warnings)}. Nothing was changed."))


def in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Return mistakes sorted by file, line and column."""
    return sorted(mistakes, key=lambda m: (m.file, m.line, m.column, m.severity))


def count(errors: Sequence[Mistake], warnings: Sequence[Mistake]) -> str:
    """Return "3 errors, 1 warning"."""
    counted = ((len(errors), "error"), (len(warnings), "warning"))
    return ", ".join(f"{n} {word}{'s' if n != 1 else ''}" for n, word in counted if n)


def as_json(mistake: Mistake) -> dict[str, Any]:
    """Return the object that `check --json` shows."""
    return {
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "message": mistake.message,
        "suggestion": mistake.suggestion,
    }


def for_github(mistake: Mistake) -> str:
    """Return a workflow command that marks the line in a pull request."""
    place = ",".join(
        f"{name}={_property(str(value))}"
        for name, value in (
            ("file", mistake.file),
            ("line", mistake.line),
            ("col", mistake.column),
        )
    )
    return f"::{mistake.severity} {place}::{_data(sentence(mistake))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
