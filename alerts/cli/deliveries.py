"""`alerts deliveries`: what was sent where, one delivery in full, and trying again by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from alerts.cli.groups import Before, Suggesting
from alerts.cli.marking import NothingYet, marking
from alerts.cli.options import config_option, json_option
from alerts.cli.output import sentences, write_json, write_table
from alerts.cli.reading import reading, say_if_stale
from alerts.clock import SystemClock
from alerts.delivery import classify
from alerts.errors import UsageError
from alerts.model import Config
from alerts.store import outbox, tables

_COLUMNS = (
    "created", "id", "subscriber", "destination", "state", "articles", "attempts", "code",
    "server_text", "hint",
)  # fmt: skip
_FAILED_COLUMNS = (
    "failed_at", "id", "subscriber", "destination", "state", "articles", "code", "server_text",
    "hint",
)  # fmt: skip

#: So much of an id is enough to name it on a screen.
_SHOWN_ID = 8


@click.group(cls=Suggesting, invoke_without_command=True)
@click.option("--failed", is_flag=True, help="Those refused for good or given up, whatever was"
              " tried since.")  # fmt: skip
@json_option
@config_option
@click.pass_context
def deliveries(context: click.Context, *, failed: bool, as_json: bool, path: Path | None) -> None:
    """What was sent where, the server's words, what waits and what failed; the newest first.

    \b
    Examples:
      alerts deliveries --failed       what was refused or given up, and why
      alerts deliveries show 3f2a      one delivery with every try
      alerts deliveries retry 3f2a     try it again now, with the same Message-ID
      alerts deliveries retry --all    the same for every failed delivery
    """
    if context.invoked_subcommand is not None:
        context.obj = Before(path, as_json)
        return
    with reading(path) as opened:
        say_if_stale(opened)
        rows = tables.deliveries(opened.connection, failed=failed) if opened.connection else []
    if as_json:
        write_json(rows)
        return
    write_table(
        [row | {"id": row["id"][:_SHOWN_ID]} for row in rows],
        _FAILED_COLUMNS if failed else _COLUMNS,
        "No failed deliveries." if failed else "Nothing was sent yet.",
    )


# --- show --------------------------------------------------------------------------------------


@deliveries.command()
@click.argument("delivery_id", metavar="ID")
@json_option
@config_option
@click.pass_obj
def show(before: Before, *, delivery_id: str, as_json: bool, path: Path | None) -> None:
    """Everything about one delivery; the beginning of its id is enough.

    \b
    Example:
      alerts deliveries show 3f2a
    """
    with reading(path or before.path) as opened:
        if opened.connection is None:
            raise NothingYet
        found = outbox.show(opened.connection, _one_id(opened.connection, delivery_id))
    if as_json or before.as_json:
        write_json(found)
    else:
        click.echo("\n".join(_described(found)))


def _one_id(connection: Connection, prefix: str) -> str:
    """Return the id that begins so; UsageError if none or several do."""
    found = outbox.ids_like(connection, prefix)
    if not found:
        raise UsageError(f"There is no delivery {prefix}.", hint="See the ids: alerts deliveries")
    if len(found) > 1:
        begin = "Several deliveries begin so"
        raise UsageError(f"{begin}: {', '.join(found)}.", hint="Write more of the id.")
    return found[0]


def _described(row: dict[str, Any]) -> list[str]:
    part = f", part {row['part']} of {row['parts']}" if row["parts"] > 1 else ""
    lines = [
        f"Delivery {row['id']}",
        f"  to       {row['subscriber']}, {row['destination']} ({row['key']})",
        f"  state    {row['state']}{part}",
        f"  made     {row['created']}",
    ]
    optional = (
        ("retried", row["retried"]), ("next try", row["next_try"]), ("ended", row["ended"]),
        ("what to do", row["hint"]),
    )  # fmt: skip
    lines += [f"  {name:<8} {value}" for name, value in optional if value]
    if row["tries"]:
        lines += ["", "Tries"]
    for one in row["tries"]:
        lines.append(f"  {_tried(one)}")
    if row["titles"]:
        lines += ["", f"Articles ({len(row['titles'])})"]
    for article in row["titles"]:
        lines.append(f"  - {article['title']}")
        if article["link"]:
            lines.append(f"    {article['link']}")
    return lines


def _tried(one: dict[str, Any]) -> str:
    outcome = one["outcome"] or "under way, or its end is not known"
    server = f" by {one['server']}" if one["server"] else ""
    said = classify.said(one["code"], one["server_text"])
    following = f" Next try {one['next_try']}." if one["next_try"] else ""
    return (
        f"{one['started']}  {outcome}{server}{': ' + sentences(said) if said else '.'}{following}"
    )


# --- retry -------------------------------------------------------------------------------------


@deliveries.command()
@click.argument("ids", metavar="ID", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every failed delivery whose address or"
              " webhook may still get something.")  # fmt: skip
@click.option("--waiting", is_flag=True, help="Every delivery that waits for its next try.")
@json_option
@config_option
@click.pass_obj
def retry(
    before: Before,
    *,
    ids: Sequence[str],
    everything: bool,
    waiting: bool,
    as_json: bool,
    path: Path | None,
) -> None:
    """Try deliveries again, with the same id: what was accepted before is not shown twice.

    They are due at once, and sent by the running service or the next `alerts once`.

    \b
    Examples:
      alerts deliveries retry 3f2a 9c1b
      alerts deliveries retry --all
      alerts deliveries retry --waiting
    """
    if bool(ids) == (everything or waiting):
        raise UsageError(
            "Say which deliveries: their ids, --all, or --waiting.",
            hint="See them: alerts deliveries --failed",
        )
    states = [*(["failed"] if everything else []), *(["delayed"] if waiting else [])]
    left = 0
    try:
        with marking(path or before.path) as opened, opened.write() as connection:
            chosen = [_one_id(connection, one) for one in ids] or outbox.ids_of(connection, states)
            due, skipped = _retried(connection, opened.config, chosen, asked_for=bool(ids))
            left = len(outbox.ids_of(connection, ["delayed"]))
    except NothingYet:
        if ids:
            raise
        due, skipped = [], []
    if as_json or before.as_json:
        write_json({"due": due, "skipped": [asdict(one) for one in skipped]})
    else:
        _say_retried(due, skipped, states, left)


def _retried(
    connection: Connection, config: Config, ids: Sequence[str], *, asked_for: bool
) -> tuple[list[str], list[outbox.Skipped]]:
    """Have these deliveries tried at once."""
    known = {place.key for place in config.destinations}
    now = SystemClock().now()
    return outbox.retry(connection, ids, known.__contains__, now, asked_for=asked_for)


def _say_retried(
    due: Sequence[str], skipped: Sequence[outbox.Skipped], states: Sequence[str], left: int
) -> None:
    """Say what is tried; `left`: how many wait for their next try."""
    if not due and not skipped:
        what = "waiting" if states == ["delayed"] else "failed"
        wait = f"{left} {'waits' if left == 1 else 'wait'} for the next try. Now: alerts deliveries"
        click.echo(f"No {what} deliveries." + (f" {wait} retry --waiting" if left else ""))
        return
    deliveries_are = "delivery is" if len(due) == 1 else "deliveries are"
    click.echo(
        f"{len(due)} {deliveries_are} due now"
        + (": the running service sends them, or alerts once." if due else ".")
    )
    for one in skipped:
        lift = f" First: {one.lift}" if one.lift else ""
        click.echo(f"- {one.id[:_SHOWN_ID]} left as it is: {sentences(one.reason)}{lift}")
