"""`alerts send-test SUBSCRIBER`: one message to each destination, now, with the server's reply.

Needs no database and writes no row: what it finds is on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from alerts import settings
from alerts.cli.options import config_option
from alerts.cli.output import sentences, write_json
from alerts.cli.reading import Reading, person_named, reading
from alerts.clock import Clock, SystemClock, iso
from alerts.delivery import classify
from alerts.delivery.transport import DeliveryHead, Envelope, Transport, transports
from alerts.digests.notes import rendered
from alerts.errors import UsageError
from alerts.masks import mask
from alerts.model import Config, Delivery, Destination, DestinationKind, Subscriber
from alerts.netguard import Guard
from alerts.pipeline.notices import plain
from alerts.settings import Settings
from alerts.store import stops

_SUBJECT = "Test of news alerts"
_THREADS = 8

Row = dict[str, Any]


@dataclass(frozen=True)
class _Tools:
    """What a short message is made and sent with."""

    clock: Clock
    settings: Settings
    transports: Mapping[DestinationKind, Transport]


@click.command("send-test")
@click.argument("subscriber")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@config_option
def send_test(*, subscriber: str, as_json: bool, path: Path | None) -> None:
    """Send a test message to every destination of a subscriber and show what the server said.

    SUBSCRIBER is an id or a name; `admin` are the admins. Exit code 1 if one was not accepted.
    A dead address or webhook is tried too; whoever stopped their mails gets nothing.

    \b
    Examples:
      alerts send-test ana-flores
      alerts send-test admin
    """
    env, clock = settings.load(path), SystemClock()
    with reading(path) as opened:
        places = destinations_of(opened.config, subscriber)
        stopped = _stopped(opened, places)
    rows = send_to(env, clock, places, stopped)
    if as_json:
        write_json(rows)
    else:
        for row in rows:
            click.echo(words(row))
    bad = any(row["outcome"] not in ("delivered", "written") for row in rows)
    raise click.exceptions.Exit(1 if bad else 0)


def destinations_of(config: Config, name: str) -> Sequence[Destination]:
    """Return the destinations of a subscriber (id or name) or the admins; UsageError if unknown."""
    if name == "admin" and config.admins:
        return config.admins
    return _some(person_named(config, name))


def _some(person: Subscriber) -> Sequence[Destination]:
    if not person.destinations:
        raise UsageError(f"{person.name} has no destination.", hint="Write email: or slack: there.")
    return person.destinations


def _stopped(opened: Reading, places: Sequence[Destination]) -> Mapping[str, str]:
    """Return target -> reason of those who wanted no more."""
    if opened.connection is None:
        return {}
    found = {
        target: stop.reason or "stopped by its reader"
        for target, stop in stops.stops(opened.connection).items()
        if stop.kind == stops.STOPPED
    }
    erased = stops.erased(opened.connection, {place.target for place in places})
    return found | dict.fromkeys(erased, _ERASED)


def send_to(
    env: Settings, clock: Clock, places: Sequence[Destination], stopped: Mapping[str, str]
) -> list[Row]:
    """Send a test to each, several at a time; return what each came to, in the same order."""
    tools = _Tools(clock, env, transports(env, Guard(env.allow_nets), clock))

    def one(place: Destination) -> Row:
        reason = stopped.get(place.target)
        # A reader's stop is about digests: an admin who stopped theirs gets notices all the same.
        if reason is not None and not (place.is_admin and reason != _ERASED):
            hint = f"Nothing was sent: {sentences(reason)}"
            return _row(place, "stopped", hint=hint)
        if place.kind != "email" and place.url is None:
            return _row(place, "unset", hint="The variable that holds its address is not set.")
        return _tried(tools, place)

    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(one, places))
    finally:
        for carrier in tools.transports.values():
            carrier.close()


def _tried(tools: _Tools, place: Destination) -> Row:
    carrier = tools.transports.get(place.kind)
    if carrier is None:
        return _row(place, "unknown", hint=f"This version cannot send to {place.kind} yet.")
    key, now = tools.clock.token(), tools.clock.now()
    text = (
        f"This is a test, sent at {iso(now)} by an admin of this news alert service.\n\n"
        "If you can read it, news will arrive here. There is nothing to do."
    )
    message = rendered(plain(_SUBJECT, text), place.kind, key, now)
    head = DeliveryHead(key, place, now)
    payload = carrier.prepare(message, head, Envelope(mail_from=tools.settings.mail_from))
    result = carrier.send(Delivery(key, place, payload, created_at=now))
    return _row(
        place,
        result.outcome,
        code=result.code or None,
        server=result.server or None,
        server_text=mask(result.server_text) or None,
        hint=classify.named(result.hint, key=place.key, place=place.place) or None,
        id=key,
    )


def _row(place: Destination, outcome: str, **values: Any) -> Row:
    empty = dict.fromkeys(("id", "code", "server", "server_text", "hint"))
    shown = {"key": place.key, "destination": f"{place.kind} {place.place}", "outcome": outcome}
    return shown | empty | values


#: Why nothing is sent to somebody of whom nothing is kept.
_ERASED = "erased"

#: What an outcome is called on the screen; the others are "not accepted".
_SAID = {
    "delivered": "accepted",
    "written": "written to the spool folder, nobody has got it",
    "ambiguous": "not known whether it was accepted",
    "stopped": "not sent",
    "unset": "not sent",
    "unknown": "not sent",
}


def words(row: Row) -> str:
    """Return what became of one test, as a line."""
    server = f" by {row['server']}" if row["server"] and row["outcome"] != "written" else ""
    said = classify.said(row["code"], row["server_text"])
    told = sentences(said, row["hint"])
    outcome = _SAID.get(row["outcome"], "not accepted")
    return f"{row['destination']}: {outcome}{server}{': ' + told if told else ''}"
