"""What an admin does about one address: pause it, take it up again, erase it.

Only marks rows, so it needs no working lock; a running service finds them at its next look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from alerts.digests import slots
from alerts.model import Config, Destination
from alerts.store import erasure, outbox, postponed, stops, subscribers
from alerts.store.erasure import Erasure


@dataclass(frozen=True, slots=True)
class Lifted:
    """What stood between a target and its mails, and what is due again."""

    stop: str | None = None  # its kind: stopped, bad_address, gone, erased
    reason: str | None = None
    was_paused: bool = False
    due: int = 0

    @property
    def is_anything(self) -> bool:
        """Whether there was anything to lift."""
        return self.stop is not None or self.was_paused


def places(config: Config, target: str) -> list[Destination]:
    """Return the destinations of a target."""
    people = (d for s in config.subscribers for d in s.destinations)
    return [d for d in (*people, *config.admins) if d.target == target]


def pause(connection: Connection, target: str, until: float) -> None:
    """Let everything for a target wait until then."""
    stops.set_pause(connection, target, until)


def resume(connection: Connection, config: Config, target: str, now: float) -> Lifted:
    """Lift whatever keeps mails from a target; what waited for it is due at once."""
    mine = places(config, target)
    stop = stops.stop_of(connection, target)
    was_paused = target in stops.pauses(connection, now, [target])
    due = 0
    if was_paused:
        stops.set_pause(connection, target, None)
        due += postponed.end_pause(connection, target, now)
        _hurry_slots(connection, config, mine, now)
    if stop is not None:
        due += outbox.resume(connection, target, [place.key for place in mine], now).due
        stops.lift(connection, target)
    if erasure.unerase(connection, target):
        return Lifted(stops.ERASED, None, was_paused, due)
    if stop is None:
        return Lifted(was_paused=was_paused, due=due)
    return Lifted(stop.kind, stop.reason, was_paused, due)


def _hurry_slots(
    connection: Connection, config: Config, mine: Sequence[Destination], now: float
) -> None:
    """Wake the `right away` slots that were put off to the end of the pause."""
    owners = {place.subscriber for place in mine}
    for person in config.subscribers:
        if person.id not in owners:
            continue
        soon = {text for text, cadence in person.cadences().items() if cadence.kind == "right away"}
        for row in subscribers.slots(connection, person.id):
            if row.cadence in soon and row.due_at is not None and row.lease is None:
                at = slots.right_away_at(person, None, now)
                values = {"due_at": at, "timezone": person.timezone}
                subscribers.set_slot(connection, person.id, row.cadence, values)


def erase(connection: Connection, target: str, now: float, new_key: str) -> Erasure:
    """Forget a person's address and what was sent there; nothing is ever sent there again."""
    return erasure.erase(connection, target, now, new_key)
