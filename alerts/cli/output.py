"""How commands speak: JSON alone on standard output, tables for people, nothing else.

Messages are printed as they are: rich's markup would eat "[ice]".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from alerts.config import diagnostics
from alerts.log import CLEAR_LINE
from alerts.model import Mistake
from alerts.text import line as safe

if TYPE_CHECKING:
    from alerts.engine.boot import Booted
    from alerts.settings import Settings


def write_json(value: Any) -> None:
    """Print one JSON document on one line, never wrapped or coloured."""
    click.echo(json.dumps(value, ensure_ascii=False))


def write_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], empty: str) -> None:
    """Print rows as a table; `empty` is said when there are none."""
    if not rows:
        click.echo(empty)
        return
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _rich_table(cells, columns)
        return
    widths = [max(len(c), *(len(r[i]) for r in cells)) for i, c in enumerate(columns)]
    for line in ([*columns], *cells):
        click.echo("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return safe(", ".join(map(str, value)))
    return safe(str(value))  # feeds and servers may say what a terminal takes for a command


def _rich_table(cells: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for line in cells:
        table.add_row(*(Text(cell) for cell in line))
    Console().print(table)


def sentences(*parts: str | None) -> str:
    """Join what there is as sentences: a server's words seldom end in a full stop."""
    said = [part.strip() for part in parts if part and part.strip()]
    return " ".join(part if part[-1] in ".!?:;" else f"{part}." for part in said)


def show_mistakes(mistakes: Sequence[Mistake], closing: str) -> None:
    """Print mistakes with their lines on standard error, then what that means for now."""
    for mistake in diagnostics.in_order(mistakes):
        click.echo(diagnostics.render(mistake), err=True)
    click.echo(closing, err=True)


def show_env_mistakes(env: Settings) -> None:
    """Print the lines of .env that set nothing on standard error."""
    for mistake in diagnostics.in_order(env.env_mistakes):
        click.echo(diagnostics.render(mistake), err=True)


def show_boot(booted: Booted) -> None:
    """Say on standard error what became of an edit since the last start; nothing without one."""
    if booted.mistakes:
        show_mistakes(booted.mistakes, "The last good version stays in force and is used.")
    elif booted.braked:
        click.echo(
            f"This edit waits, and the version before it is used: {booted.braked}\n"
            "If you mean it: alerts reload --confirm",
            err=True,
        )
    elif booted.summary:
        lead = "This edit is in force" if booted.is_new else "The last good version is used"
        click.echo(sentences(f"{lead}: {booted.summary}"), err=True)


class Progress:
    """A live line on a terminal while a long command works; nothing elsewhere."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def say(self, line: str) -> None:
        """Replace the line."""
        if self._shows:
            click.echo(f"{CLEAR_LINE}{line}", err=True, nl=False)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.say("")
