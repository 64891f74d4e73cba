"""A configuration comes into force: rows of feeds, subscribers and slots become what it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from alerts import links
from alerts.digests import slots
from alerts.model import Config, Subscriber
from alerts.pipeline import quiet_weeks
from alerts.pipeline.parts import InForce
from alerts.store import alerts as alert_rows
from alerts.store import configs, deliveries, feeds, riders, subscribers, told, urgent
from alerts.store.database import Database
from alerts.store.undo import GivenUp, bring_back

#: Why alerts and deliveries are given up, as `explain` and the tables show it.
REMOVED = "removed from subscribers.yaml"
RULE_REMOVED = "its rule was removed from subscribers.yaml"
NOT_URGENT = "only what is urgent is wanted of its rule now"


@dataclass(frozen=True)
class Brought:
    """What came of bringing a configuration into force."""

    since: Mapping[tuple[str, str], float]  # (subscriber, rule) -> followed since
    given_up: GivenUp


def apply(database: Database, config: Config, files: Mapping[str, str], now: float) -> InForce:
    """Write the configuration as one version, in one transaction; return it compiled."""
    with database.write() as connection:
        latest = configs.latest(connection)
        if latest is None or latest.version != config.version:
            configs.add(connection, config.version, files, now)
        brought = bring(connection, config, now)
    return InForce.of(config, brought.since)


def bring(
    connection: Connection,
    config: Config,
    now: float,
    *,
    running: Config | None = None,
    undone: GivenUp | None = None,
) -> Brought:
    """Make the rows what the configuration says; the version's own row is the caller's.

    A removed subscriber's pending alerts and unsent deliveries are given up, with the reason; so
    are alerts of rules that their subscriber no longer follows. `running`: what the rows say now:
    subscribers that stay as they are keep their slots untouched. `undone`: what an edit had given
    up that is undone by this.
    """
    followed = subscribers.following_since(connection)
    hosts = [(feed, links.host(feed.url)) for feed in config.feeds]
    feeds.apply(connection, hosts, now)
    removed = set(subscribers.apply(connection, config.subscribers, now))
    if undone is not None:
        bring_back(connection, undone)
    waiting = set(alert_rows.subscribers_waiting(connection))
    # A poll that was under way at an earlier edit may have owed something to who was gone by then.
    removed |= waiting - {person.id for person in config.subscribers}
    under_way = (key for who in removed for key in told.under_way(connection, who))
    left = [row for key in under_way for row in told.left_to(connection, key)]
    given_up = {key: _give_up(connection, key, now) for key in sorted(removed)}
    slot_rows: defaultdict[str, dict[str, Row[Any]]] = defaultdict(dict)
    for row in subscribers.slots(connection, with_notes=True):
        slot_rows[row.subscriber][row.cadence] = row
    for person in _changed(config, running, undone):
        _apply_slots(connection, person, slot_rows[person.id], now)
        if person.id in waiting:
            given_up[person.id] = _settle_pending(connection, person, now)
    owe_others(connection, {person.id: person for person in config.subscribers}, left, now)
    since = subscribers.following_since(connection)
    ended = {pair: at for pair, at in followed.items() if pair not in since}
    return Brought(since, GivenUp({k: ids for k, ids in given_up.items() if ids}, ended))


def _changed(
    config: Config, running: Config | None, undone: GivenUp | None
) -> Iterator[Subscriber]:
    """Yield the subscribers whose slots or alerts may have to change."""
    known = {person.id: person for person in running.subscribers} if running else {}
    again = undone.alerts.keys() if undone else ()
    for person in config.subscribers:
        if person.id in again or known.get(person.id) != person:
            yield person


def _give_up(connection: Connection, key: str, now: float) -> list[int]:
    """Give up what a removed subscriber was owed; return the entries."""
    owed = [row.entry_id for row in alert_rows.pending(connection, key)]
    alert_rows.suppress(connection, key, REMOVED)
    deliveries.suppress_open(connection, key, REMOVED, now)
    riders.free(connection, key, now)
    return owed


def owe_others(
    connection: Connection, people: Mapping[str, Subscriber], left: Iterable[Row[Any]], now: float
) -> None:
    """Owe again what was `left` to deliveries (see `told.left_to`) that are given up.

    To those subscribers whose address they go to, too.
    """
    owed: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in left:
        person = people.get(row.subscriber)
        if person is not None and row.target in {place.target for place in person.destinations}:
            owed[row.subscriber].append(row)
    for who, rows in owed.items():
        alert_rows.owe_again(connection, who, [row.entry_id for row in rows])
        wake(connection, people[who], set().union(*map(rules_of, rows)), now)


def _apply_slots(
    connection: Connection, person: Subscriber, rows: Mapping[str, Row[Any]], now: float
) -> None:
    """Give each cadence its next moment; what is due already stays due."""
    cadences = person.cadences()
    kept = {*cadences, urgent.CADENCE}
    kept |= {quiet_weeks.CADENCE} if quiet_weeks.is_wanted(person) else set()
    if gone := rows.keys() - kept:
        subscribers.drop_slots(connection, person.id, gone)
    if quiet_weeks.CADENCE in kept:
        _apply_note(connection, person, rows.get(quiet_weeks.CADENCE), now)
    for text, cadence in cadences.items():
        row = rows.get(text)
        if row is not None and (row.lease is not None or (row.due_at or now + 1) <= now):
            continue
        values: dict[str, object] = {"timezone": person.timezone}
        if cadence.kind == "calendar":
            last_name = row.last_name if row is not None else None
            due = slots.due_slot(person, cadence, now, last_name=last_name)
            values |= {"name": due and due.name, "due_at": due and due.due_at}
        subscribers.set_slot(connection, person.id, text, values)


def _apply_note(
    connection: Connection, person: Subscriber, row: Row[Any] | None, now: float
) -> None:
    """Give the weekly note its next moment: a week from now, or the one it had in today's words."""
    if row is not None and (row.lease is not None or (row.due_at or now + 1) <= now):
        return
    if row is not None and row.due_at is not None:
        due = quiet_weeks.slot_after(person, max(now, row.due_at - 1))
    else:
        due = quiet_weeks.slot_a_week_after(person, now)
    values = {"timezone": person.timezone, "name": due and due.name, "due_at": due and due.due_at}
    subscribers.set_slot(connection, person.id, quiet_weeks.CADENCE, values)


def _settle_pending(connection: Connection, person: Subscriber, now: float) -> list[int]:
    """Give up alerts of rules no longer followed; see that the others have a slot to go out at.

    Return the entries that were given up.
    """
    followed = {s.rule for s in person.subscriptions}
    digested = {
        s.rule for s in person.subscriptions if (s.when or person.when).kind != "urgent only"
    }
    rows = alert_rows.pending(connection, person.id)
    pending = {row.entry_id: rules_of(row) for row in rows}
    gone = [entry_id for entry_id, rules in pending.items() if not followed & rules]
    if gone:
        alert_rows.suppress(connection, person.id, RULE_REMOVED, gone)
    calm = [row.entry_id for row in rows if row.urgent_at is None and not digested & rules_of(row)]
    if unwanted := [entry_id for entry_id in calm if entry_id not in gone]:
        alert_rows.suppress(connection, person.id, NOT_URGENT, unwanted)
        gone += unwanted
    wake(connection, person, set().union(*pending.values()) & followed, now)
    return gone


def rules_of(alert: Row[tuple[object, ...]]) -> set[str]:
    """Return the names of the rules that an alert row was matched by."""
    return {match["rule"] for match in alert.matches}


def wake(connection: Connection, person: Subscriber, rules: set[str], now: float) -> None:
    """Give the `right away` slots that tell of `rules` a due moment, where they have none."""
    cadences = {text: c for text, c in person.cadences().items() if c.kind == "right away"}
    if not any(person.rules_of(text) & rules for text in cadences):
        return
    for row in subscribers.slots(connection, person.id):
        if row.cadence in cadences and row.due_at is None and person.rules_of(row.cadence) & rules:
            last = subscribers.last_digest_at(connection, person.id, row.cadence)
            values = {"due_at": slots.right_away_at(person, last, now), "timezone": person.timezone}
            subscribers.set_slot(connection, person.id, row.cadence, values)
