"""`alerts destinations`: where everything goes and how that is; taking one up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from alerts.cli.groups import Before, Suggesting
from alerts.cli.marking import Marking, marking
from alerts.cli.options import config_option, json_option
from alerts.cli.output import sentences, write_json, write_table
from alerts.cli.reading import reading
from alerts.clock import SystemClock
from alerts.delivery import classify
from alerts.errors import AlertsError, UsageError
from alerts.model import Destination
from alerts.rules.mistakes import nearest
from alerts.store import outbox, reach, stops

_COLUMNS = ("key", "state", "until", "failures", "waiting", "reason", "lift")


@click.group(cls=Suggesting, invoke_without_command=True)
@json_option
@config_option
@click.pass_context
def destinations(context: click.Context, *, as_json: bool, path: Path | None) -> None:
    """The addresses and webhooks, which of them get nothing just now, and why.

    \b
    Examples:
      alerts destinations
      alerts destinations resume ice-watch/slack/hooks.slack.com
    """
    if context.invoked_subcommand is not None:
        context.obj = Before(path, as_json)
        return
    with reading(path) as opened:
        now = SystemClock().now()
        rows = reach.destinations(opened.connection, opened.config.destinations, now)
    if as_json:
        write_json(rows)
    else:
        told = [row | {"reason": reason(row)} for row in rows]
        write_table(told, _COLUMNS, "No destinations yet: write subscribers into subscribers.yaml.")


def reason(row: Mapping[str, Any]) -> str | None:
    """Return why a destination gets nothing just now: its server's words, and what they mean."""
    return sentences(classify.said(row["code"], row["server_text"]), row["reason"]) or None


@destinations.command()
@click.argument("key")
@json_option
@config_option
@click.pass_obj
def resume(before: Before, *, key: str, as_json: bool, path: Path | None) -> None:
    """Send to an address or webhook again that was given up; what waits for it is due at once.

    A reader's own stop is not lifted so: alerts people resume ADDRESS.

    \b
    Example:
      alerts destinations resume ice-watch/slack/hooks.slack.com
    """
    with marking(path or before.path) as opened:
        found = _resumed(opened, key)
    if as_json or before.as_json:
        write_json(
            {
                "key": key,
                "lifted": found.lifted,
                "due": found.due,
                "stale": found.stale,
                "failed": found.failed,
            }
        )
    else:
        click.echo("\n".join(_words(key, found)))


def _resumed(opened: Marking, key: str) -> outbox.Resumed:
    every = opened.config.destinations
    meant = _meant(key, every)
    keys = [place.key for place in every if place.target == meant.target]
    with opened.write() as connection:
        stop = stops.stops(connection).get(meant.target)
        if stop is not None and stop.kind == stops.STOPPED and meant.kind == "email":
            raise AlertsError(
                f"{meant.place} was stopped by its reader: {sentences(stop.reason)}",
                hint=f"If its reader wants mails again: alerts people resume {meant.place}",
            )
        if meant.target in stops.erased(connection, [meant.target]):
            raise AlertsError(f"{meant.place} was erased: nothing is sent there any more.")
        return outbox.resume(connection, meant.target, keys, SystemClock().now())


def _meant(key: str, every: Sequence[Destination]) -> Destination:
    """Return the destination of that key or address; UsageError with the nearest one."""
    wanted = key.casefold()
    for place in every:
        names = {place.key.casefold(), place.target.casefold()}
        if wanted in names or (place.kind == "email" and wanted == place.place.casefold()):
            return place
    near = nearest(key, [place.key for place in every])
    hint = f'Did you mean "{near}"?' if near else "See them: alerts destinations"
    owner = wanted.rpartition("/")[0]
    moved = [place.key for place in every if place.key.casefold().rpartition("/")[0] == owner]
    if moved:
        hint += f" If it moved to {', '.join(moved)}: nothing is to be resumed there."
    raise UsageError(f'There is no destination "{key}".', hint=hint)


def _words(key: str, found: outbox.Resumed) -> list[str]:
    lifted = f" It got nothing because: {sentences(found.lifted)}" if found.lifted else ""
    waited = {0: "Nothing waited.", 1: "1 delivery that waited is due now."}
    due = waited.get(found.due, f"{found.due} deliveries that waited are due now.")
    lines = [f"{key} gets what is due again.{lifted}", due]
    if found.stale:
        lines.append(f"{found.stale} older ones stay unsent (alerts deliveries retry ID).")
    if found.failed:
        lines.append(f"{found.failed} failed before: alerts deliveries retry --all")
    return lines
