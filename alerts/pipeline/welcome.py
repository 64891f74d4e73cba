"""The first message to who is new: what they will get, when, and the last stories of that kind.

Once to a destination of a subscriber with `welcome: true`, in its whole life: what was sent a
digest before needs none. It waits for the end of quiet hours and pauses, and precedes any digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Connection

from alerts.digests import letters, slots
from alerts.log import get_logger
from alerts.model import Alert, Config, Destination, Digest, Match, Subscriber
from alerts.pipeline import drafting, history, notices
from alerts.pipeline.parts import InForce, Parts
from alerts.store import deliveries, stops, welcomes

#: The last stories are looked for among so many articles, of so many days.
_ARTICLES = 2_000
_LOOK_BACK_S = 30 * 86_400.0
_STORIES = 3

#: Due before a digest that is made at the same moment.
_FIRST_S = 1.0

_Waiting = list[tuple[Subscriber, list[Destination]]]


def greet(
    parts: Parts, people: Iterable[Subscriber] | None = None, *, at_once: bool = False
) -> int:
    """Welcome who is new among `people` (all); return how many messages were made.

    `at_once`: a digest goes out now, so that quiet hours are not looked at.
    """
    candidates = [
        person
        for person in (parts.in_force.config.subscribers if people is None else people)
        if person.welcome and (at_once or _may_be_told(person, parts.clock.now()))
    ]
    if not candidates:
        return 0
    waiting = _waiting(parts, candidates)
    last = _last_stories(parts, [person for person, _ in waiting])
    return sum(_greet(parts, person, places, last[person.id]) for person, places in waiting)


def _may_be_told(person: Subscriber, now: float) -> bool:
    return slots.right_away_at(person, None, now) <= now


def _waiting(parts: Parts, candidates: Iterable[Subscriber]) -> _Waiting:
    """Return who is to be welcomed, and where."""
    now = parts.clock.now()
    every = {
        place.key: place
        for person in candidates
        for place in person.destinations
        if _is_for_people(place) and place.kind in parts.transports
    }
    with parts.database.read() as connection:
        known = welcomes.known(connection, every)
        new = {key: place for key, place in every.items() if key not in known}
        if not new:
            return []
        told = welcomes.told(connection, new)
        held = {*stops.stops(connection), *stops.pauses(connection, now)}
        held |= stops.erased(connection, {place.target for place in new.values()})
    if told:
        with parts.database.write() as connection:
            for key in told:
                welcomes.add(connection, new[key], now)
    found: _Waiting = []
    for person in candidates:
        mine = [new[p.key] for p in person.destinations if p.key in new and p.key not in told]
        if free := [place for place in mine if place.target not in held]:
            found.append((person, free))
    return found


def _is_for_people(place: Destination) -> bool:
    """Whether people read it, and its address is known."""
    return place.kind == "email" or (place.kind != "webhook" and place.url is not None)


def _last_stories(parts: Parts, people: Sequence[Subscriber]) -> Mapping[str, list[Alert]]:
    """Return the newest stories that the rules of each would have found."""
    found: dict[str, list[Alert]] = {person.id: [] for person in people}
    if not people:
        return found
    with parts.database.read() as connection:
        draft = drafting.Draft(connection, parts.in_force)
        since = parts.clock.now() - _LOOK_BACK_S
        for kept, rules in _judged(connection, parts.in_force, since):
            lacking = [person for person in people if len(found[person.id]) < _STORIES]
            if not lacking:
                break
            alert = draft.alert(kept, ())
            for person in lacking:
                matched = [s.rule for s in person.subscriptions if s.rule in rules]
                if matched:
                    found[person.id].append(replace(alert, matches=tuple(map(Match, matched))))
    return found


def _judged(
    connection: Connection, in_force: InForce, since: float
) -> Iterator[tuple[history.Kept, set[str]]]:
    """Yield the newest articles with the rules that hold for them, the newest first.

    None that its source has taken back.
    """
    for kept in history.newest(connection, since, _ARTICLES):
        if kept.withdrawn_at is not None:
            continue
        for article in kept.articles(in_force.feeds):
            if rules := set(in_force.matcher.match(article)):
                yield kept, rules
                break


def _greet(
    parts: Parts, person: Subscriber, places: Sequence[Destination], last: Sequence[Alert]
) -> int:
    now = parts.clock.now()
    with parts.database.read() as connection:
        draft = drafting.Draft(connection, parts.in_force)
        digest = draft.digest(person, last, digest_id="", slot="", now=now)
    rows = [(place, _row(parts, digest, place)) for place in places]
    with parts.database.write() as connection:
        new = [row for place, row in rows if welcomes.add(connection, place, now)]
        deliveries.add(connection, new)
    if new:
        get_logger().info("welcomed", subscriber=person.id, deliveries=[row["id"] for row in new])
    return len(new)


def _row(parts: Parts, digest: Digest, place: Destination) -> dict[str, Any]:
    config, settings = parts.in_force.config, parts.settings
    context = drafting.mail_context(settings, config, place, drafting.stop_link(parts, place))
    sender = parseaddr(settings.mail_from)[1]
    note = letters.welcome(digest, place, context, added_by=_admin(config), sender=sender)
    row = notices.note_delivery(parts, place, note, drafting.envelope(parts, context.stop_link))
    return row | {"due_at": row["due_at"] - _FIRST_S}


def _admin(config: Config) -> str:
    """Return who added people to the list: "Rosa M. (rosa@group.example)"."""
    first = next((place for place in config.admins if place.kind == "email"), None)
    if first is None:
        return ""
    return f"{first.name} ({first.place})" if first.name else first.place
