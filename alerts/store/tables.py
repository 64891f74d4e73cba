"""What the tables of the command line and the pages show: rows as JSON-ready mappings.

Keys are part of the public contract and only ever added. Times are RFC 3339 UTC.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from alerts.clock import iso
from alerts.model import Feed, Rule, Subscriber
from alerts.store import feeds as feed_rows
from alerts.store import held, notices
from alerts.store import subscribers as subscriber_rows
from alerts.store.people import people
from alerts.store.schema import alert, attempt, delivery, entry_feed, feed

Table = list[dict[str, Any]]

_MOVED = "Its address moved to {}: write that in subscribers.yaml."
_HELD = (
    "{} old stories look new and are held back: alerts feeds release {} sends what rules find in"
    " them, --discard does not."
)
_EMPTY = "It can be read, but lists no article."
_SILENT = "Nothing new for longer than ever: see whether the site has moved its feed."
_NO_PAGES = "The pages of its articles cannot be read: alerts feeds check {} shows why."
_LONG = "It lists {} articles; only the newest {} are read, so that it costs no more than others."
_GAPS = "Articles may have come and gone between two polls: write check: often."

MONTH_S = 30 * 86_400.0

#: Outcomes of a try that was not accepted; no try after it: refused for good, or given up.
_UNACCEPTED = ("refused", "suppress", "retry", "ambiguous", "our_fault")
_ENDS_BADLY = and_(attempt.c.outcome.in_(_UNACCEPTED), attempt.c.next_at.is_(None))


def feeds(connection: Connection | None, configured: Sequence[Feed], now: float) -> Table:
    """Return the configured feeds and how they are; without a database all are new."""
    rows = feed_rows.by_url(connection) if connection is not None else {}
    told = _alerts_by_feed(connection, now) if connection is not None else Counter()
    waiting = held.counts(connection) if connection is not None else {}
    troubles = notices.open_ones(connection) if connection is not None else {}
    return [
        _feed(item, rows.get(item.url), told[item.url], waiting, troubles) for item in configured
    ]


def _feed(
    item: Feed,
    row: Row[Any] | None,
    told: int,
    waiting: Mapping[int, int],
    troubles: Container[str],
) -> dict[str, Any]:
    known: Any = row._mapping if row is not None else defaultdict(lambda: None)
    kept_back = waiting.get(known["id"], 0)
    moved_to = known["moved_to"] if known["adopted_at"] is not None else None
    return {
        "name": item.name or known["title"] or item.url,
        "url": item.url,
        "tags": list(item.tags),
        "place": item.place,
        "state": known["state"] or "new",
        "last_poll": iso(known["last_poll_at"]),
        "last_success": iso(known["last_success_at"]),
        "next_poll": iso(known["due_at"]),
        "error": known["error_kind"],
        "error_text": known["error_text"],
        "failures": known["failures"] or 0,
        "since": iso(known["failing_since"]),
        "hint": known["error_hint"] or _hint(item, known, kept_back, moved_to, troubles),
        "moved_to": moved_to,
        "entries": known["entries"] or 0,
        "left_out": known["left_out"] or 0,
        "alerts_30d": told,
        "held": kept_back,
        "gaps": known["gaps"] or 0,
        "lost_at": iso(known["lost_at"]),
    }


def _hint(
    item: Feed,
    known: Mapping[str, Any],
    kept_back: int,
    moved_to: str | None,
    troubles: Container[str],
) -> str | None:
    """Return what to do about a feed that can be read."""
    if kept_back:
        return _HELD.format(kept_back, item.url)
    if moved_to:
        return _MOVED.format(moved_to)
    if known["state"] == "ok" and not known["entries"]:
        return _EMPTY
    if f"silent {item.url}" in troubles:
        return _SILENT
    if f"pages {item.url}" in troubles:
        return _NO_PAGES.format(item.url)
    if known["gaps"] and item.check != "often":
        return _GAPS
    read, left_out = known["entries"], known["left_out"]
    return _LONG.format(read + left_out, read) if left_out else None


def _alerts_by_feed(connection: Connection, now: float) -> Counter[str]:
    query = (
        select(feed.c.url, func.count())
        .select_from(alert)
        .join(entry_feed, entry_feed.c.entry_id == alert.c.entry_id)
        .join(feed, feed.c.id == entry_feed.c.feed_id)
        .where(alert.c.created_at >= now - MONTH_S)
        .group_by(feed.c.url)
    )
    return Counter({row[0]: row[1] for row in connection.execute(query)})


def deliveries(
    connection: Connection,
    *,
    states: Collection[str] | None = None,
    ids: Iterable[str] | None = None,
    failed: bool = False,
    limit: int = 10_000,
) -> Table:
    """Return deliveries, the newest first.

    `failed`: every one that was refused for good or gave up, with the code, words and class of
    that try, whatever was tried since. `failed_at` is when that was.
    """
    tries = (
        select(attempt.c.delivery_id, func.count().label("tries"))
        .group_by(attempt.c.delivery_id)
        .subquery()
    )
    ends = (
        select(attempt.c.delivery_id, func.max(attempt.c.id).label("last"))
        .where(_ENDS_BADLY)
        .group_by(attempt.c.delivery_id)
        .subquery()
    )
    end = attempt.alias()
    query = (
        select(
            *(column for column in delivery.c if column.name != "payload"),
            func.coalesce(tries.c.tries, 0).label("tries"),
            *(end.c[name].label(f"end_{name}") for name in _OF_THE_END),
        )
        .outerjoin(tries, tries.c.delivery_id == delivery.c.id)
        .outerjoin(ends, ends.c.delivery_id == delivery.c.id)
        .outerjoin(end, end.c.id == ends.c.last)
    )
    if states is not None:
        query = query.where(delivery.c.state.in_(list(states)))
    if ids is not None:
        query = query.where(delivery.c.id.in_(list(ids)[:limit]))
    if failed:
        query = query.where(or_(delivery.c.state == "failed", ends.c.last.is_not(None)))
    query = query.order_by(delivery.c.created_at.desc(), delivery.c.id).limit(limit)
    return [_delivery(row, failed=failed) for row in connection.execute(query)]


_OF_THE_END = ("ended_at", "result_kind", "code", "server_text")


def _delivery(row: Any, *, failed: bool) -> dict[str, Any]:
    is_past = failed and row.state != "failed" and row.end_ended_at is not None
    said = {name: getattr(row, f"end_{name}" if is_past else name) for name in _OF_THE_END}
    return {
        "id": row.id,
        "subscriber": row.subscriber,
        "destination": f"{row.kind} {row.place}",
        "state": row.state,
        "class": said["result_kind"],
        "code": said["code"] or None,
        "server_text": said["server_text"] or None,
        "attempts": row.tries,
        "created": iso(row.created_at),
        "next_try": iso(row.due_at) if row.state in ("pending", "delayed") else None,
        "articles": row.articles,
        "hint": row.hint or None,
        "failed_at": iso(row.end_ended_at),
    }


def subscribers(
    connection: Connection | None, configured: Sequence[Subscriber], now: float = 0.0
) -> Table:
    """Return who is told of what, what waits for them, when it goes out, and who gets nothing.

    `last_digest`: when a server accepted the last one. `held` names the destinations that are
    stopped or paused (at `now`), whatever the file says.
    """
    waiting: Counter[str] = Counter()
    slots: dict[str, list[float]] = defaultdict(list)
    if connection is not None:
        pending = select(alert.c.subscriber, func.count()).where(alert.c.state == "pending")
        for key, count in connection.execute(pending.group_by(alert.c.subscriber)):
            waiting[key] = count
        for row in subscriber_rows.slots(connection):
            if row.due_at is not None:
                slots[row.subscriber].append(row.due_at)
    held = _held(connection, configured, now)
    last = subscriber_rows.accepted_at(connection) if connection is not None else {}
    return [
        _subscriber(item, waiting[item.id], slots)
        | {"last_digest": iso(last.get(item.id)), "held": held[item.id]}
        for item in configured
    ]


def _held(
    connection: Connection | None, configured: Sequence[Subscriber], now: float
) -> defaultdict[str, list[str]]:
    """Return subscriber -> "ana@example.org: stopped since 2026-11-24" for what gets nothing."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    if connection is None:
        return found
    every = [place for person in configured for place in person.destinations]
    for row in people(connection, every, now):
        if row["state"] == "active":
            continue
        words = row["state"].replace("_", " ")
        for word, key in (("since", "since"), ("until", "until")):
            words += f" {word} {row[key][:10]}" if row[key] else ""
        for key in row["subscribers"]:
            found[key].append(f"{row['address']}: {words}")
    return found


def _subscriber(item: Subscriber, pending: int, slots: Mapping[str, list[float]]) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "destinations": [f"{place.kind} {place.place}" for place in item.destinations],
        "rules": [subscription.rule for subscription in item.subscriptions],
        "when": item.when.text,
        "next_slot": iso(min(slots.get(item.id, ()), default=None)),
        "pending": pending,
        "paused_until": iso(item.pause_until),
    }


def rules(
    connection: Connection | None,
    configured: Sequence[Rule],
    warnings: Mapping[str, Sequence[str]],
    now: float,
) -> Table:
    """Return the rules and what they found in the last 30 days, as far as someone was told."""
    articles: defaultdict[str, set[int]] = defaultdict(set)
    told: Counter[str] = Counter()
    last: dict[str, float] = {}
    if connection is not None:
        query = select(alert.c.entry_id, alert.c.matches, alert.c.created_at).where(
            alert.c.created_at >= now - MONTH_S
        )
        for row in connection.execute(query):
            for match in row.matches:
                name = match["rule"]
                articles[name].add(row.entry_id)
                told[name] += 1
                last[name] = max(last.get(name, 0.0), row.created_at)
    return [
        {
            "name": rule.name,
            "query": rule.query,
            "matches_30d": len(articles[rule.name]),
            "alerts_30d": told[rule.name],
            "last_match": iso(last.get(rule.name)),
            "warnings": list(warnings.get(rule.name, ())),
        }
        for rule in configured
    ]
