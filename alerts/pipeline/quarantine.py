"""A site that renames everything at once: its old stories are held back until an admin decides.

`Recorder` asks what of a document to hold; `release` is the admin's answer. Nothing is lost and
nothing is told meanwhile, whether the service restarts or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from alerts.feeds import storm
from alerts.feeds.identity import Decision
from alerts.model import Feed
from alerts.pipeline.judge import Judge, Judged
from alerts.pipeline.parts import InForce
from alerts.store import entries, feeds, held


@dataclass(frozen=True, slots=True)
class Released:
    """What came of an admin's decision."""

    entries: int
    matched: int = 0
    alerts: int = 0


def past_of(connection: Connection, row: Row[Any], now: float) -> storm.Past:
    """Return what a feed did before the document that is looked at."""
    rows = held.arrivals(connection, row.id)
    came = (storm.Arrival(one.seen_at, one.published_at) for one in rows)
    return storm.past_of(came, since=row.baseline_at, now=now)


def held_back(
    connection: Connection, row: Row[Any], decision: Decision, now: float
) -> frozenset[int]:
    """Return which of a decision's new entries are to be held back, by their place in it."""
    standing = len({one.entry_id for one in decision.known})
    size = len(decision.new) + standing
    if row.baseline_at is None or not storm.may_be(len(decision.new), size):
        return frozenset()
    if storm.is_addition(standing, row.entries):
        return frozenset()
    return storm.held_back(decision.new, size, past_of(connection, row, now))


def release(
    connection: Connection, in_force: InForce, url: str, now: float, *, discard: bool = False
) -> Released:
    """Let a feed's held entries through to the rules, or (`discard`) make them old for good.

    Who follows a rule since before they were first seen is owed them.
    """
    entries.one_at_a_time(connection)
    row = feeds.by_url(connection)[url]
    waiting = held.of_feed(connection, row.id)
    found = Released(len(waiting))
    if not discard:
        held.let_go(connection, [one.id for one in waiting])
        feed = in_force.feeds.get(url) or Feed(url)
        judge = Judge(connection, in_force, feed, row.title, now)
        matched, alerts = judge.put(_judged(waiting))
        found = Released(len(waiting), matched, alerts)
    held.end(connection, row.id)
    return found


def _judged(rows: Sequence[Row[Any]]) -> list[Judged]:
    texts = [(row, entries.to_entry(row)) for row in rows]
    return [Judged(row.id, text, text, row.seen_at) for row, text in texts]
