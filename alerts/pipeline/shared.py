"""One address under several subscribers: one mail a slot, and each article once.

Of the digests that are made for it at one moment the first carries the others: its mail, while
nobody has begun to send it, is made anew with their stories and the names of all. What a mail told
the address earlier, for whichever subscriber, is a line below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from alerts.digests import slots
from alerts.digests.assemble import without
from alerts.digests.below import Before, already_sent, changes_of
from alerts.model import Alert, Destination, Digest, Subscriber
from alerts.pipeline import before
from alerts.pipeline.drafting import Draft
from alerts.pipeline.outgoing import rendered
from alerts.pipeline.parts import InForce, Parts
from alerts.store import deliveries, riders, subscribers, told

#: A digest made longer ago is no company any more, though it may still wait.
_TOGETHER_S = 600.0

#: Slots of one moment: no two of a subscriber are closer.
_SAME_S = 1.0

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Deliveries to be written; those of `joint` take the place of `old`, and carry `rows`."""

    rows: Rows
    joint: Rows
    old: tuple[str, ...] = ()

    def write(self, connection: Connection) -> None:
        """Write them; if the carrier began to be sent meanwhile, the rows go by themselves."""
        rows = self.rows
        if self.old and not riders.replace(connection, self.old, self.joint):
            rows = [row | {"carried_by": None, "due_at": row["created_at"]} for row in rows]
        deliveries.add(connection, rows)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one destination gets: a digest of its own, in the mail of another if there is one."""

    place: Destination
    own: Digest | None
    joint: Digest | None = None
    carrier: Destination | None = None
    old: tuple[str, ...] = ()

    def outgoing(self, parts: Parts) -> Outgoing:
        """Render it."""
        rows = rendered(parts, self.own, self.place) if self.own is not None else []
        if self.joint is None or self.carrier is None or not rows:
            return Outgoing(rows, [])
        joint = rendered(parts, self.joint, self.carrier, self.old[:1])
        riding = {"carried_by": self.old[0], "due_at": None}
        return Outgoing([row | riding for row in rows], joint, self.old)


@dataclass(frozen=True, slots=True)
class Made:
    """A digest that is being made, with what it was made of."""

    draft: Draft
    digest: Digest
    alerts: Sequence[Alert]
    told: Sequence[Before]  # what stands below it

    def plan(self, place: Destination) -> Plan:
        """Return what one destination gets of it."""
        if place.target not in self.draft.in_force.sharers:
            return Plan(place, self.digest)
        connection, person = self.draft.connection, self.digest.subscriber
        since = self.digest.created_at - _TOGETHER_S
        carrier = self._known(riders.untouched(connection, place.target, person.id, since))
        company = self._company(carrier)
        ids = [alert.entry_id for alert in self.alerts]
        earlier = self._earlier(place.target, company, person.id, ids)
        own = self._without(earlier)
        if own is None or not company:
            return Plan(place, own)
        joint = self._joint(place.target, carrier[0], company, earlier)
        mine = next(p for p in joint.sharers[0].destinations if p.target == place.target)
        return Plan(place, own, joint, mine, tuple(row.id for row in carrier))

    def _known(self, carrier: list[Row[Any]]) -> list[Row[Any]]:
        """Return the carrier's parts if it is an ordinary digest of a subscriber that still is."""
        person = self.draft.in_force.people.get(carrier[0].subscriber) if carrier else None
        if person is None or carrier[0].cadence not in {*person.cadences(), before.SEND_NOW}:
            return []
        return carrier if any(p.key == carrier[0].destination for p in person.destinations) else []

    def _company(self, carrier: list[Row[Any]]) -> list[Row[Any]]:
        """Return a row for each digest in the carrier's mail, its own first."""
        if not carrier:
            return []
        found = [carrier[0], *riders.of(self.draft.connection, [carrier[0].id])]
        people = self.draft.in_force.people
        by_digest = {row.digest_id: row for row in reversed(found) if row.subscriber in people}
        return list(reversed(by_digest.values()))

    def _earlier(
        self, target: str, company: list[Row[Any]], subscriber: str, ids: Sequence[int]
    ) -> dict[int, float]:
        """Return what a subscriber's entries' address was told before for others, and when."""
        now = {row.digest_id for row in company}
        rows = told.to_target(self.draft.connection, target, subscriber, ids)
        return {row.entry_id: row.told_at for row in rows if row.digest_id not in now}

    def _without(self, earlier: dict[int, float]) -> Digest | None:
        """Return the digest without what was told earlier; None if nothing is left."""
        if not earlier:
            return self.digest
        left = without(self.digest, earlier)
        again = [Before(a, earlier[a.entry_id]) for a in self.alerts if a.entry_id in earlier]
        lines = already_sent([*self.told, *again], self.digest.subscriber.language)
        below = (*lines, *changes_of(self.digest))
        return replace(left, below=below) if left.stories else None

    def _joint(
        self,
        target: str,
        carrier: Row[Any],
        company: list[Row[Any]],
        earlier: Mapping[int, float],
    ) -> Digest:
        """Return the carrier's digest with the stories of all but those that came `earlier`."""
        in_force, draft = self.draft.in_force, self.draft
        ids = [row.digest_id for row in company]
        theirs = told.by_digests(draft.connection, ids)
        for key in {row.subscriber for row in theirs}:
            entries = [row.entry_id for row in theirs if row.subscriber == key]
            earlier = {**earlier, **self._earlier(target, company, key, entries)}
        alerts = [*draft.owed(theirs), *self.alerts]
        people = [in_force.people[row.subscriber] for row in company]
        people = list(dict.fromkeys([*people, self.digest.subscriber]))
        digest = draft.digest(
            _together(people),
            merged(alert for alert in alerts if alert.entry_id not in earlier),
            digest_id=carrier.digest_id,
            slot=self.digest.slot,
            now=carrier.created_at,
            but=ids,
        )
        again = [Before(a, earlier[a.entry_id]) for a in alerts if a.entry_id in earlier]
        lines = {one.alert.entry_id: one for one in [*again, *self.told]}
        for row in company:
            person = in_force.people[row.subscriber]
            if row.cadence in person.cadences():
                found = before.sent(draft, person, row.cadence, carrier.created_at, but=ids)
                lines |= {one.alert.entry_id: one for one in found}
        return replace(
            digest,
            sharers=tuple(people),
            late=self.digest.late,
            below=(
                *already_sent(lines.values(), people[0].language),
                *changes_of(self.digest),
            ),
        )


def _together(people: Sequence[Subscriber]) -> Subscriber:
    """Return the first with what all of them follow."""
    followed = {
        (s.rule, (s.when or person.when).text): replace(s, when=s.when or person.when)
        for person in people
        for s in person.subscriptions
    }
    return replace(people[0], subscriptions=tuple(followed.values()))


def merged(alerts: Iterator[Alert]) -> list[Alert]:
    """Return each entry's alerts as one, with the rules of all."""
    found: dict[int, Alert] = {}
    for alert in alerts:
        other = found.get(alert.entry_id)
        if other is None:
            found[alert.entry_id] = alert
            continue
        known = {match.rule for match in other.matches}
        more = tuple(match for match in alert.matches if match.rule not in known)
        late = other.late or alert.late
        found[alert.entry_id] = replace(other, matches=other.matches + more, late=late)
    return list(found.values())


def call(connection: Connection, in_force: InForce, person: Subscriber, row: Row[Any]) -> None:
    """Make slots of the same moment due, of those who share an address with this subscriber."""
    targets = {place.target for place in person.destinations} & in_force.sharers.keys()
    mates = {key for target in targets for key in in_force.sharers[target]} - {person.id}
    moment = _moment(person, row)
    for key in mates:
        for other in subscribers.slots(connection, key):
            is_ahead = other.lease is None and (other.due_at or 0.0) > row.due_at
            if is_ahead and _moment(in_force.people[key], other) - moment < _SAME_S:
                values = {"due_at": row.due_at, "timezone": other.timezone}
                subscribers.set_slot(connection, key, other.cadence, values)


def _moment(person: Subscriber, row: Row[Any]) -> float:
    """Return when a slot is due but for its subscriber's share of the spread."""
    cadence = person.cadences().get(row.cadence)
    if cadence is None or cadence.kind != "calendar":
        return float(row.due_at)
    due = slots.due_slot(person, cadence, row.due_at - _SAME_S / 2)
    return due.told_at if due is not None else float(row.due_at)
