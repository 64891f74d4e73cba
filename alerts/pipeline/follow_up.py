"""What is told again at once of a story that was told as urgent: another headline, a withdrawal.

What there is to tell is read from rows each time: what a reader was told, and what the article is
now. A withdrawal goes to everyone who got the story, another headline to who wants corrections; to
each destination that got the story, as an answer to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from alerts.digests import slots
from alerts.digests.stories import MAX_TITLE_CHARS
from alerts.log import get_logger
from alerts.model import Destination, Digest, FollowUp, Rendered, Subscriber
from alerts.pipeline import drafting, outgoing
from alerts.pipeline.before import words_of
from alerts.pipeline.parts import InForce, Parts
from alerts.store import deliveries, follow_ups
from alerts.store.urgent import FOLLOW_UP
from alerts.text import shown

#: Later than this a change stands in the next digest.
_SINCE_S = 72 * 3_600.0

#: The same story is told again at most once in this time: live pages get a headline every minute.
_GAP_S = 3_600.0

#: Long words as alike as this are one word, spelt another way; "illegal" is not "legal".
_ALIKE = 0.8
_LONG_CHARS = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be told of one entry, and from when on it may be."""

    row: Row[Any]
    told: FollowUp
    may_be_at: float


def concerned(
    connection: Connection,
    in_force: InForce,
    edited: Collection[int],
    withdrawn: Collection[int],
    now: float,
) -> Iterator[Subscriber]:
    """Yield who was told one of these entries as urgent, and may be told again at once."""
    gone = follow_ups.readers(connection, withdrawn, now - _SINCE_S)
    other = follow_ups.readers(connection, edited, now - _SINCE_S)
    for key in sorted(gone | other):
        person = in_force.people.get(key)
        if person is not None and (key in gone or person.corrections):
            yield person


def changes(connection: Connection, person: Subscriber, now: float) -> list[Change]:
    """Return what there is to be told again, the oldest story first."""
    rows = follow_ups.open_of(connection, person.id, now - _SINCE_S)
    last = follow_ups.last_of(connection, person.id, [row.entry_id for row in rows])
    found = []
    for row in rows:
        is_withdrawal = row.withdrawn_at is not None and row.withdrawal_told_at is None
        if not (is_withdrawal or (person.corrections and _is_another(row.told_title, row.title))):
            continue
        at = now if is_withdrawal else max(now, last.get(row.entry_id, 0.0) + _GAP_S)
        was = shown(row.told_title or row.title, MAX_TITLE_CHARS)
        seen_at = row.withdrawn_at if is_withdrawal else row.changed_at
        found.append(Change(row, FollowUp(row.told_at, seen_at or now, was, is_withdrawal), at))
    return found


def _is_another(was: str | None, now: str) -> bool:
    """Whether a headline says something else now, not the same in another spelling."""
    if was is None:
        return False
    old, new = words_of(was), words_of(now)
    if len(old) != len(new):
        return True
    return any(not _is_slip(a, b) for a, b in zip(old, new, strict=True) if a != b)


def _is_slip(one: str, other: str) -> bool:
    is_number = any(letter.isdecimal() for letter in one + other)
    if is_number or one[0] != other[0] or min(len(one), len(other)) < _LONG_CHARS:
        return False
    return SequenceMatcher(None, one, other).ratio() >= _ALIKE


def tell(parts: Parts, person: Subscriber, some: Sequence[Change]) -> int:
    """Tell changes; return how many messages' digests were made."""
    return sum(_one(parts, person, change) for change in some)


def _one(parts: Parts, person: Subscriber, change: Change) -> int:
    now, row = parts.clock.now(), change.row
    with parts.database.read() as connection:
        draft = drafting.Draft(connection, parts.in_force)
        (alert,) = draft.owed([row])
        alert = replace(alert, entry=replace(alert.entry, title=row.title))
        slot = f"{slots.own_moment(now)} {row.entry_id}"
        digest = draft.digest(person, [alert], digest_id=parts.clock.token(), slot=slot, now=now)
        first = follow_ups.first_told(connection, row.digest_id)
    made = [
        delivery
        for place in person.destinations
        if place.key in first
        for delivery in outgoing.rendered(
            parts,
            digest,
            place,
            form=partial(_in_form, parts, digest, change.told, first[place.key]),
            follows=(first[place.key],),
        )
    ]
    told = follow_ups.Told(row.entry_id, row.title, row.told_title, change.told.is_withdrawal)
    with parts.database.write() as connection:
        is_new = deliveries.add_digest(
            connection,
            {
                "id": digest.id,
                "subscriber": person.id,
                "cadence": FOLLOW_UP,
                "slot": slot,
                "created_at": now,
                "articles": 1,
                "config_version": parts.in_force.config.version,
            },
        )
        if not is_new:
            return 0
        deliveries.add(connection, made)
        follow_ups.add(connection, person.id, digest.id, told, now)
    get_logger().info(
        "told again",
        digest=digest.id,
        subscriber=person.id,
        entry=row.entry_id,
        is_withdrawal=change.told.is_withdrawal,
    )
    return 1


def _in_form(
    parts: Parts,
    digest: Digest,
    told: FollowUp,
    first: str,
    place: Destination,
    link: str | None,
) -> Sequence[Rendered]:
    context = drafting.mail_context(parts.settings, parts.in_force.config, place, link)
    return [parts.renderer.follow_up(digest, told, place, context, first)]
