"""Findings for people, one line each: green, yellow or red; in a pipe the same words, no colour.

What `status`, `doctor` and `feeds check` print; `--json` gives the same as one object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import click

from alerts.cli.output import write_json

Level = Literal["ok", "note", "wrong"]

_COLOURS: Mapping[Level, str] = {"ok": "green", "note": "yellow", "wrong": "red"}
_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3_600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: what it is about, how that is, and what to do about it."""

    topic: str  # its key in JSON, too
    level: Level
    text: str
    hint: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)  # for --json
    more: tuple[str, ...] = ()  # particulars, a line each


def is_wrong(lines: Iterable[Line]) -> bool:
    """Whether something is red."""
    return any(line.level == "wrong" for line in lines)


def write_lines(lines: Iterable[Line], *, as_json: bool) -> None:
    """Print findings as a screen, or as one JSON object with the topics as keys."""
    found = list(lines)
    if as_json:
        write_json({"ok": not is_wrong(found), **{line.topic: _object(line) for line in found}})
        return
    width = max((len(line.topic) for line in found), default=0)
    for line in found:
        mark = click.style(
            f"{line.level:<5}", fg=_COLOURS[line.level], bold=line.level == "wrong" or None
        )
        click.echo(f"{mark}  {line.topic.replace('_', ' '):<{width}}  {line.text}")
        for words in (*line.more, line.hint):
            if words:
                click.echo(f"{'':<{width + 9}}{words}")


def _object(line: Line) -> dict[str, Any]:
    more = {"more": list(line.more)} if line.more else {}
    return {
        "level": line.level,
        "text": line.text,
        "hint": line.hint or None,
        **more,
        **line.facts,
    }


def span(seconds: float) -> str:
    """Return "40 seconds", "5 minutes", "3 hours" or "2 days", rounded."""
    for unit_s, word in ((_DAY_S, "day"), (_HOUR_S, "hour"), (_MINUTE_S, "minute")):
        if abs(seconds) >= unit_s * 1.5:
            return counted(round(abs(seconds) / unit_s), word)
    return counted(round(abs(seconds)), "second")


def counted(count: int, word: str, plural: str = "") -> str:
    """Return "1 feed", "2 feeds"."""
    return f"{count:,} {word if count == 1 else plural or word + 's'}"
