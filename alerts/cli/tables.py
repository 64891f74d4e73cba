"""Tables of subscribers and rules; `--json` gives every column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from alerts.cli.options import config_option
from alerts.cli.output import write_json, write_table
from alerts.cli.reading import Reading, reading, say_if_stale
from alerts.clock import SystemClock
from alerts.rules import lint
from alerts.store import tables

Rows = list[dict[str, Any]]


def _options(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--json", "as_json", is_flag=True, help="One JSON array.")(
        config_option(command)
    )


def _show(
    path: Path | None,
    rows_of: Callable[[Reading], Rows],
    columns: tuple[str, ...],
    empty: str,
    *,
    as_json: bool,
) -> None:
    with reading(path) as opened:
        say_if_stale(opened)
        rows = rows_of(opened)
    if as_json:
        write_json(rows)
    else:
        write_table(rows, columns, empty)


@click.command()
@_options
def subscribers(*, path: Path | None, as_json: bool) -> None:
    """Who is told of what, where, how much waits for them, and when it goes out.

    \b
    Examples:
      alerts subscribers
      alerts subscribers --json
    """
    _show(
        path,
        lambda opened: tables.subscribers(
            opened.connection, opened.config.subscribers, SystemClock().now()
        ),
        ("id", "destinations", "rules", "when", "next_slot", "pending", "last_digest", "held"),
        "No subscribers yet: write them under subscribers: in subscribers.yaml.",
        as_json=as_json,
    )


@click.command()
@_options
def rules(*, path: Path | None, as_json: bool) -> None:
    """The rules and what they found in the last 30 days.

    \b
    Examples:
      alerts rules
      alerts rules --json
    """
    _show(
        path,
        _rules,
        ("name", "matches_30d", "alerts_30d", "last_match", "query"),
        "No rules yet: write them under rules: in subscribers.yaml.",
        as_json=as_json,
    )


def _rules(opened: Reading) -> Rows:
    warnings: defaultdict[str, list[str]] = defaultdict(list)
    for warning in lint.warnings(opened.config.rules):
        warnings[warning.rule].append(f"{warning.message} {warning.hint}".strip())
    return tables.rules(opened.connection, opened.config.rules, warnings, SystemClock().now())
