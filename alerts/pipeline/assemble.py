"""A slot's pending alerts become one digest, and one delivery for each destination and part.

Everything is read and rendered first; then one transaction makes the digest, its deliveries and
the alerts' new state, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Connection, Row

from alerts.delivery.transport import DeliveryHead, Envelope
from alerts.digests import slots
from alerts.digests.assemble import assemble as assemble_digest
from alerts.digests.render import MailContext
from alerts.log import get_logger
from alerts.model import (
    Alert,
    Destination,
    Digest,
    FeedHealth,
    Outlet,
    Rendered,
    Subscriber,
)
from alerts.pipeline import signing
from alerts.pipeline.apply import rules_of
from alerts.pipeline.parts import InForce, Parts
from alerts.rules.words import explain
from alerts.store import alerts as alert_rows
from alerts.store import claims, deliveries, entries, feeds, stops, subscribers
from alerts.store.schema import slot as slot_table

#: The cadence of digests made by `once --send-now`.
SEND_NOW = "send now"

#: How many alternatives of a rule are named in a footer before "12 others".
LONGEST_LIST = 6

#: How long a digest waits for a variable that holds an address before it looks again.
_UNSET_WAIT_S = 300.0

#: Parts of one delivery become due this far apart, so that they go out in their order.
_PART_STEP_S = 0.001


def assemble(parts: Parts, row: Row[Any], lease: str) -> int:
    """Make the digest of a claimed slot, if alerts wait for it; return how many were made."""
    person = parts.in_force.people.get(row.subscriber)
    cadence = person.cadences().get(row.cadence) if person is not None else None
    now = parts.clock.now()
    if person is None or cadence is None:  # removed while it waited
        with parts.database.write() as connection:
            subscribers.end_slot(connection, row, lease, None, None)
        return 0
    if not all(map(is_reachable, person.destinations)):
        get_logger().warning("digest waits: a variable is not set", subscriber=person.id)
        with parts.database.write() as connection:
            claims.put_back(connection, slot_table, row, lease, {"due_at": now + _UNSET_WAIT_S})
        return 0
    made, until = 0, _paused_until(parts, person)
    if until is None:
        name = row.name or slots.own_moment(now)
        made = _make(parts, person, person.rules_of(row.cadence), row.cadence, name)
    # What is paused is looked at again: nothing else would wake it when the pause ends.
    look_at = min(until, now + deliveries.PAUSE_LOOK_S) if until is not None else None
    following: tuple[str | None, float | None] = (None, look_at)
    if cadence.kind == "calendar":
        due = slots.due_slot(person, cadence, now, last_name=row.name)
        following = (due.name, due.due_at) if due is not None else (None, None)
    with parts.database.write() as connection:
        subscribers.end_slot(connection, row, lease, *following)
    return made


def assemble_all_now(parts: Parts) -> int:
    """Make a digest of every subscriber's pending alerts, whatever their slots say.

    Not of who is paused: that is their wish, or their admin's.
    """
    with parts.database.read() as connection:
        waiting = alert_rows.subscribers_waiting(connection)
    made = 0
    for key in waiting:
        person = parts.in_force.people.get(key)
        if person is None or _paused_until(parts, person) is not None:
            continue
        if all(map(is_reachable, person.destinations)):
            rules = frozenset(s.rule for s in person.subscriptions)
            made += _make(parts, person, rules, SEND_NOW, slots.own_moment(parts.clock.now()))
    return made


def is_reachable(place: Destination) -> bool:
    """Whether a destination's address is known; it is not while its variable is not set."""
    return place.kind == "email" or place.url is not None


def _paused_until(parts: Parts, person: Subscriber) -> float | None:
    """Return when a subscriber's pause ends, or the first of those of all their destinations.

    None if there is something to be sent to now; what is paused of it waits as deliveries.
    """
    now = parts.clock.now()
    if person.pause_until is not None and person.pause_until > now:
        return person.pause_until
    targets = [place.target for place in person.destinations]
    with parts.database.read() as connection:
        pauses = stops.pauses(connection, now, targets)
    ends = [pauses.get(target) for target in targets]
    known = [end for end in ends if end is not None]
    return min(known) if known and len(known) == len(ends) else None


def _make(parts: Parts, person: Subscriber, rules: frozenset[str], cadence: str, slot: str) -> int:
    """Make one digest of the pending alerts of these rules; 0 if there are none."""
    with parts.database.read() as connection:
        rows = [r for r in alert_rows.pending(connection, person.id) if rules & rules_of(r)]
        if not rows:
            return 0
        reading = _Reading(connection, parts.in_force)
        owed = reading.alerts(rows)
        health = reading.health()
        since_at = subscribers.last_digest_at(connection, person.id)
    now = parts.clock.now()
    digest = assemble_digest(
        digest_id=parts.clock.token(),
        subscriber=person,
        slot=slot,
        alerts=owed,
        rules=parts.in_force.config.rules,
        health=health,
        explanations=_explanations(parts.in_force, person),
        created_at=now,
        since_at=since_at,
        next_at=_next_at(person, now),
    )
    outgoing = [out for place in person.destinations for out in _render(parts, digest, place)]
    with parts.database.write() as connection:
        if not _write(connection, parts, digest, cadence, [r.entry_id for r in rows], outgoing):
            return 0
    get_logger().info(
        "digest made",
        digest=digest.id,
        subscriber=person.id,
        entries=[row.entry_id for row in rows],
        deliveries=[out["id"] for out in outgoing],
    )
    return 1


def _write(
    connection: Connection,
    parts: Parts,
    digest: Digest,
    cadence: str,
    entry_ids: Sequence[int],
    outgoing: list[dict[str, Any]],
) -> bool:
    """Write digest, deliveries and alerts together; False if this slot has its digest already."""
    is_new = deliveries.add_digest(
        connection,
        {
            "id": digest.id,
            "subscriber": digest.subscriber.id,
            "cadence": cadence,
            "slot": digest.slot,
            "created_at": digest.created_at,
            "articles": len(digest.stories),
            "config_version": parts.in_force.config.version,
        },
    )
    if not is_new:
        return False
    deliveries.add(connection, outgoing)
    alert_rows.mark_digested(connection, digest.subscriber.id, entry_ids, digest.id)
    return True


def _next_at(person: Subscriber, now: float) -> float | None:
    """Return when the subscriber's next calendar digest is told to come."""
    due = (slots.due_slot(person, cadence, now) for cadence in person.cadences().values())
    return min((slot.told_at for slot in due if slot is not None), default=None)


def _explanations(in_force: InForce, person: Subscriber) -> dict[str, str]:
    """Return rule title -> what it means in plain words, for the subscriber's rules."""
    titles = {rule.name: rule.title(person.language) for rule in in_force.config.rules}
    followed = [s.rule for s in person.subscriptions]
    return {
        titles[rule.name]: explain(rule.tree, person.language, titles, most=LONGEST_LIST)
        for rule in in_force.config.rules
        if rule.name in followed
    }


# --- what a digest shows -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads rows into what a digest is made of."""

    connection: Connection
    in_force: InForce

    def alerts(self, rows: Sequence[Row[Any]]) -> list[Alert]:
        """Return alert rows with their entries and outlets."""
        ids = [row.entry_id for row in rows]
        stored = entries.by_id(self.connection, ids)
        carriers = alert_rows.outlets(self.connection, ids)
        return [
            Alert(
                entry_id=row.entry_id,
                entry=entries.to_entry(stored[row.entry_id]),
                seen_at=stored[row.entry_id].seen_at,
                outlets=self._outlets(stored[row.entry_id].feed_id, carriers[row.entry_id]),
                matches=alert_rows.to_matches(row.matches),
                late=row.is_late,
            )
            for row in rows
        ]

    def _outlets(self, own_feed: int, carriers: Iterable[Row[Any]]) -> tuple[Outlet, ...]:
        """Return who carries an entry, the feed that it was first seen in before the others."""
        own_first = sorted(carriers, key=lambda row: row.feed_id != own_feed)
        return tuple(self._outlet(row) for row in own_first)

    def _outlet(self, row: Row[Any]) -> Outlet:
        feed = self.in_force.feeds.get(row.url)
        return Outlet(
            name=row.outlet,
            link=row.link,
            at=row.published_at or row.seen_at,
            paywall=feed.paywall if feed else False,
            lang=feed.lang if feed else None,
        )

    def health(self) -> list[FeedHealth]:
        """Return how each configured feed is."""
        rows = feeds.by_url(self.connection)
        return [
            FeedHealth(
                name=row.name or row.title or row.host,
                ok=row.state == "ok" and row.error_kind is None,
                since=row.last_success_at or row.failing_since,
                reason=row.error_text or "It was not asked yet.",
                kind=row.error_kind or "unasked",
            )
            for url in self.in_force.feeds
            if (row := rows.get(url)) is not None
        ]


# --- one destination's parts -------------------------------------------------------------------


def _render(parts: Parts, digest: Digest, place: Destination) -> list[dict[str, Any]]:
    """Return the delivery rows of one destination; none for kinds that cannot be sent to yet."""
    transport = parts.transports.get(place.kind)
    if transport is None:
        return []
    link = _stop_link(parts, place)
    rendered = _in_form(parts, digest, place, link)
    ids = [parts.clock.token() for _ in rendered]
    rows = []
    for index, part in enumerate(rendered):
        head = DeliveryHead(
            ids[index], place, digest.created_at, part=index + 1, parts=len(rendered)
        )
        envelope = replace(_envelope(parts), stop_link=link, thread=tuple(ids[:index]))
        rows.append(
            {
                "id": head.id,
                "digest_id": digest.id,
                "subscriber": digest.subscriber.id,
                "destination": place.key,
                "kind": place.kind,
                "place": place.place,
                "target": place.target,
                "part": head.part,
                "parts": head.parts,
                "articles": len(digest.stories),
                "payload": transport.prepare(part, head, envelope),
                "state": "pending",
                "created_at": digest.created_at,
                "due_at": digest.created_at + index * _PART_STEP_S,
            }
        )
    return rows


def _in_form(
    parts: Parts, digest: Digest, place: Destination, link: str | None
) -> Sequence[Rendered]:
    if place.kind == "email":
        return parts.renderer.mails(digest, _mail_context(parts, place, link))
    if place.kind == "slack":
        return parts.renderer.slack(digest)
    return parts.renderer.webhook(digest)


def _envelope(parts: Parts) -> Envelope:
    return Envelope(mail_from=parts.settings.mail_from, admin=_admin(parts))


def _admin(parts: Parts) -> str | None:
    mails = (d.place for d in parts.in_force.config.admins if d.kind == "email")
    return next(mails, None)


def _stop_link(parts: Parts, place: Destination) -> str | None:
    if place.kind != "email":
        return None
    return signing.link(parts.database, parts.settings, parts.clock, signing.STOP, place.target)


def _mail_context(parts: Parts, place: Destination, link: str | None) -> MailContext:
    name, _ = parseaddr(parts.settings.mail_from)
    context = MailContext(address=place.place, admin=_admin(parts), stop_link=link)
    return replace(context, sender_name=name) if name else context
