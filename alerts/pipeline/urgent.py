"""Urgent stories: at once, once a story, at most three an hour; more of them in bundles.

A poll that finds one wakes the subscriber's urgent slot; here the slot is worked on. What may not
be told now waits for the next digest like any other story; who has no digests is told later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from alerts.digests import slots
from alerts.digests.assemble import without
from alerts.digests.urgent import bundled
from alerts.log import get_logger
from alerts.model import Alert, Destination, Digest, Match, Rendered, Subscriber, Urgency
from alerts.pipeline import drafting, flood, follow_up, outgoing
from alerts.pipeline.apply import rules_of
from alerts.pipeline.apply import wake as wake_slots
from alerts.pipeline.parts import InForce, Parts
from alerts.store import alerts as alert_rows
from alerts.store import corrections, deliveries, entries, postponed, subscribers, told
from alerts.store import urgent as rows

CADENCE = rows.CADENCE

#: More than this in an hour wake nobody up any more.
MOST_AN_HOUR = 3
_HOUR_S = 3_600.0

#: The same headline or link is the same story for so long.
_STORY_S = 72 * _HOUR_S
#: "Live updates" is no headline to know a story by.
_TELLING_CHARS = 16

#: Why an article that is not urgent any more is given up, where no digest would have it.
_TOLD = "its story was told as urgent already, or its source took it back"


def moment(person: Subscriber, matches: Iterable[Match], now: float) -> float | None:
    """Return from when a new alert of these matches may be told as urgent; None: as any other."""
    mine = list(matches)
    if not any(match.is_urgent for match in mine):
        return None
    at = slots.urgent_at(person, now)
    is_later = at is not None and at > now
    return None if is_later and _has_digest(person, {match.rule for match in mine}) else at


def wake(connection: Connection, person: Subscriber, at: float) -> None:
    """Have what is urgent told at this moment, unless it comes in bundles just now."""
    mine = subscribers.slots(connection, person.id, with_notes=True)
    slot = next((one for one in mine if one.cadence == CADENCE), None)
    if slot is None or slot.due_at is None or (slot.flood is None and slot.due_at > at):
        values = {"timezone": person.timezone, "due_at": at}
        subscribers.set_slot(connection, person.id, CADENCE, values)


def wake_again(
    connection: Connection,
    in_force: InForce,
    edited: Collection[int],
    withdrawn: Collection[int],
    now: float,
) -> None:
    """Have readers told what became of these entries, if they were told them as urgent."""
    for person in follow_up.concerned(connection, in_force, edited, withdrawn, now):
        at = slots.urgent_at(person, now)
        if at is not None:
            wake(connection, person, at)


def tell_again(connection: Connection, person: Subscriber, now: float) -> None:
    """Tell as urgent what is owed to who has no digests: the message that held it expired."""
    waiting = alert_rows.pending(connection, person.id, with_urgent=False)
    ids = [
        row.entry_id for row in waiting if row.is_late and not _has_digest(person, rules_of(row))
    ]
    if ids:
        rows.set_moment(connection, person.id, ids, now)
        wake(connection, person, now)


def bring_back(
    connection: Connection, person: Subscriber, waiting: Iterable[Row[Any]], now: float
) -> None:
    """Give what waits to be told as urgent its moment anew: the clock was put back."""
    ids = [row.entry_id for row in waiting if row.urgent_at is not None]
    if ids:
        at = slots.urgent_at(person, now) or now  # None: leaving it to a digest is due at once
        rows.set_moment(connection, person.id, ids, at)
        wake(connection, person, at)


def _has_digest(person: Subscriber, rules: Collection[str]) -> bool:
    """Whether a digest of the subscriber tells of one of these rules."""
    return any(
        subscription.rule in rules and (subscription.when or person.when).kind != "urgent only"
        for subscription in person.subscriptions
    )


@dataclass(frozen=True, slots=True)
class _Story:
    """Articles that are told as one: the first, and what else reports it."""

    rows: tuple[Row[Any], ...]

    @property
    def ids(self) -> list[int]:
        return [row.entry_id for row in self.rows]


def tell(parts: Parts, row: Row[Any], lease: str, person: Subscriber, *, is_paused: bool) -> int:
    """Tell what waits for a claimed urgent slot; return how many messages' digests were made."""
    now = parts.clock.now()
    at = slots.urgent_at(person, now)
    if is_paused and at is not None:
        at = max(at, now + postponed.PAUSE_LOOK_S)
    with parts.database.read() as connection:
        found = rows.waiting(connection, person.id, now)
        lately = len(rows.moments(connection, person.id, now - _HOUR_S))
        stories, again = _stories(connection, person, found, now)
        changes = follow_up.changes(connection, person, now)
    if at is None or at > now:
        _put_off(parts, row, lease, person, found, at, has_more=bool(changes))
        return 0
    if row.flood is not None:
        made = _bundle(parts, person, stories) if stories else 0
        is_flood, rest = bool(stories), stories[:0]
    else:
        free = max(0, MOST_AN_HOUR - lately)
        made = sum(_single(parts, person, story) for story in stories[:free])
        rest = stories[free:]
        is_flood = bool(rest)
        lately += made
    due = [one for one in changes if one.may_be_at <= now]
    made += follow_up.tell(parts, person, due[: max(0, MOST_AN_HOUR - lately)])
    bundle_at = slots.half_hour_after(person, now) if is_flood else None
    with parts.database.write() as connection:
        _leave(connection, person, again, now)
        if not subscribers.end_slot(connection, row, lease, None, bundle_at):
            return made
        values: dict[str, Any] = {"flood": flood.BUNDLES if is_flood else None}
        if bundle_at is None:  # what came meanwhile is told next
            values["due_at"] = _next_at(connection, person, now)
        subscribers.set_slot(connection, person.id, CADENCE, values | {"timezone": person.timezone})
        if rest and bundle_at is not None:
            begun = rows.moments(connection, person.id, now - _HOUR_S)
            since = min(begun, default=now)
            flood.announce_urgent(connection, parts, person, len(rest), now - since, bundle_at)
        if row.flood is not None and not is_flood:
            flood.end_urgent(connection, parts, person)
    return made


def _next_at(connection: Connection, person: Subscriber, now: float) -> float | None:
    """Return when something may be told next: a story, or again one that was told."""
    moments = [rows.next_at(connection, person.id)]
    changes = follow_up.changes(connection, person, now)
    if changes:
        lately = rows.moments(connection, person.id, now - _HOUR_S)
        is_full = len(lately) >= MOST_AN_HOUR
        free_at = lately[-MOST_AN_HOUR] + _HOUR_S if is_full else now
        moments.append(max(free_at, min(one.may_be_at for one in changes)))
    return min((at for at in moments if at is not None), default=None)


def _put_off(
    parts: Parts,
    row: Row[Any],
    lease: str,
    person: Subscriber,
    found: Sequence[Row[Any]],
    at: float | None,
    *,
    has_more: bool,
) -> None:
    """Leave alerts to the next digest; those of who has none wait until they may be told.

    `has_more`: what was told before is to be told again.
    """
    now = parts.clock.now()
    ids = [one.entry_id for one in found if _has_digest(person, rules_of(one))]
    with parts.database.write() as connection:
        _leave(connection, person, [one for one in found if one.entry_id in ids], now)
        due_at = at if has_more or len(ids) < len(found) else None
        subscribers.end_slot(connection, row, lease, None, due_at)
        flood_is_over = {"flood": None, "timezone": person.timezone}
        subscribers.set_slot(connection, person.id, CADENCE, flood_is_over)


def _leave(
    connection: Connection, person: Subscriber, some: Sequence[Row[Any]], now: float
) -> None:
    """Leave alerts to the next digest, if there will be one."""
    mine = [one for one in some if _has_digest(person, rules_of(one))]
    others = [one.entry_id for one in some if one not in mine]
    rows.set_moment(connection, person.id, [one.entry_id for one in mine], None)
    if others:
        alert_rows.suppress(connection, person.id, _TOLD, others)
    if mine:
        wake_slots(connection, person, set().union(*map(rules_of, mine)), now)


def _stories(
    connection: Connection, person: Subscriber, found: Sequence[Row[Any]], now: float
) -> tuple[list[_Story], list[Row[Any]]]:
    """Return what waits by stories, and the alerts that are not urgent any more.

    Their story was told as urgent before, or was withdrawn since.
    """
    stored = entries.by_id(connection, [row.entry_id for row in found])
    known: dict[str, int] = {}
    for row in rows.told_stories(connection, person.id, now - _STORY_S):
        known |= dict.fromkeys(_names(row), -1)
    groups: dict[int, list[Row[Any]]] = {}
    again = []
    for row in found:
        names = _names(stored[row.entry_id])
        at = next((known[name] for name in names if name in known), row.entry_id)
        is_withdrawn = stored[row.entry_id].withdrawn_at is not None
        if not is_withdrawn:
            known |= dict.fromkeys(names, at)
        if at < 0 or is_withdrawn:
            again.append(row)
        else:
            groups.setdefault(at, []).append(row)
    return [_Story(tuple(group)) for group in groups.values()], again


def _names(entry: Row[Any]) -> list[str]:
    """Return what an entry's story is known by."""
    names = [f"link {entry.link_key}"] if entry.link_key else []
    return [*names, f"title {entry.title_key}"] if len(entry.title) >= _TELLING_CHARS else names


# --- messages ----------------------------------------------------------------------------------


def _single(parts: Parts, person: Subscriber, story: _Story) -> int:
    now = parts.clock.now()
    with parts.database.read() as connection:
        draft = drafting.Draft(connection, parts.in_force)
        alert = _joined(draft.owed(story.rows))
        slot = f"{slots.own_moment(now)} {alert.entry_id}"
        digest = draft.digest(person, [alert], digest_id=parts.clock.token(), slot=slot, now=now)
    urgency = _urgency(parts.in_force, person, alert)
    form = partial(_in_form, parts, urgency)
    return _write(parts, digest, CADENCE, story.ids, form)


def _in_form(
    parts: Parts, urgency: Urgency, digest: Digest, place: Destination, link: str | None
) -> Sequence[Rendered]:
    if place.kind == "email":
        context = drafting.mail_context(parts.settings, parts.in_force.config, place, link)
        return [parts.renderer.urgent_mail(digest, urgency, context)]
    return [parts.renderer.urgent_post(digest, urgency, place.kind)]


def _bundle(parts: Parts, person: Subscriber, stories: Sequence[_Story]) -> int:
    now = parts.clock.now()
    with parts.database.read() as connection:
        draft = drafting.Draft(connection, parts.in_force)
        alerts = [_joined(draft.owed(story.rows)) for story in stories]
        slot = slots.own_moment(now)
        digest = draft.digest(person, alerts, digest_id=parts.clock.token(), slot=slot, now=now)
    ids = [key for story in stories for key in story.ids]
    return _write(parts, digest, rows.BUNDLE, ids, partial(_as_bundle, parts))


def _as_bundle(
    parts: Parts, digest: Digest, place: Destination, link: str | None
) -> Sequence[Rendered]:
    return [bundled(part, digest) for part in outgoing.in_form(parts, digest, place, link)]


def _joined(alerts: Sequence[Alert]) -> Alert:
    """Return the first alert with the outlets of all: one story."""
    first, *others = alerts
    return replace(first, outlets=(*first.outlets, *(o for one in others for o in one.outlets)))


def _left_for(parts: Parts, digest: Digest, ids: Sequence[int]) -> list[tuple[Destination, Digest]]:
    """Return what each destination gets of a digest: not what its address was told for another."""
    left = [(place, digest) for place in digest.subscriber.destinations]
    if parts.in_force.sharers.keys().isdisjoint(place.target for place, _ in left):
        return left
    with parts.database.read() as connection:
        for at, (place, _) in enumerate(left):
            known = told.to_target(connection, place.target, digest.subscriber.id, ids)
            left[at] = place, without(digest, {row.entry_id for row in known})
    return [(place, some) for place, some in left if some.stories]


def _write(
    parts: Parts,
    digest: Digest,
    cadence: str,
    ids: Sequence[int],
    form: Callable[[Digest, Destination, str | None], Sequence[Rendered]],
) -> int:
    person = digest.subscriber
    made = [
        row
        for place, left in _left_for(parts, digest, ids)
        for row in outgoing.rendered(parts, left, place, form=partial(form, left))
    ]
    with parts.database.write() as connection:
        is_new = deliveries.add_digest(
            connection,
            {
                "id": digest.id,
                "subscriber": person.id,
                "cadence": cadence,
                "slot": digest.slot,
                "created_at": digest.created_at,
                "articles": len(digest.stories),
                "config_version": parts.in_force.config.version,
            },
        )
        if not is_new:
            return 0
        deliveries.add(connection, made)
        alert_rows.mark_digested(connection, person.id, ids, digest.id)
        corrections.note(connection, person.id, ids)
    get_logger().info("urgent", digest=digest.id, subscriber=person.id, entries=list(ids))
    return 1


def _urgency(in_force: InForce, person: Subscriber, alert: Alert) -> Urgency:
    """Return why the alert is urgent, by the first of the subscriber's rules that says so."""
    known = in_force.wording.rules
    names = [match.rule for match in alert.matches if match.is_urgent]
    urgent = next((u for name in names if name in known and (u := known[name].urgent)), None)
    facts = Urgency("", None, alert.seen_at, alert.entry.published_at)
    if urgent is None:  # its rule was edited meanwhile
        return facts
    note = urgent.note.get(person.language) or next(iter(urgent.note.values()), "")
    because = in_force.wording.put(urgent.query, person.language)
    return replace(facts, because=because, newer_than_s=urgent.newer_than_s, note=note)
