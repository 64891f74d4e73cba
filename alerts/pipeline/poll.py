"""One poll of one claimed feed: fetch, parse, tell what is new, match, and write it all at once.

The network and the parser run before the transaction; everything that is decided about entries is
decided inside it, so that two feeds that carry one article at the same moment make one entry.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection, Row

from alerts.feeds import interval
from alerts.feeds.freshness import MAX_RETRY_S
from alerts.feeds.identity import Unread
from alerts.feeds.items import pack
from alerts.log import get_logger
from alerts.model import (
    Feed,
    FetchedBody,
    FetchFailure,
    NotModified,
    ParsedFeed,
    Validators,
    Wishes,
)
from alerts.pipeline import fulltext, moved, outage
from alerts.pipeline.ask import Fetched, Outcome, ask, read_whole
from alerts.pipeline.parts import Parts
from alerts.pipeline.record import Recorded, Recorder
from alerts.store import documents, feeds, held

_TOO_MANY, _GONE = 429, 410
_BUSY = (_TOO_MANY, 503)

#: A host that says 429 and not how long is asked nothing for the back-off, but at most so long.
_SLOWED_S = 3600.0

#: A feed is gone at a second 410 at least this long after the first.
_GONE_AFTER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll did."""

    outcome: Literal["read", "unchanged", "failed", "dropped"]
    recorded: Recorded = field(default_factory=Recorded)


class _LeaseLost(Exception):
    """Someone else polled the feed meanwhile: their result stands, ours is rolled back."""


def poll(parts: Parts, row: Row[Any], lease: str) -> Polled:
    """Poll the feed of a claimed row and write what came of it."""
    in_force = parts.in_force
    feed = in_force.feeds.get(row.url)
    if feed is None:  # removed while it waited
        with parts.database.write() as connection:
            feeds.record(connection, row.id, lease, {})
        return Polled("dropped")
    outcome = ask(parts, feed, row)
    try:
        return _written(parts, feed, row, lease, outcome)
    except Unread:
        return _written(parts, feed, row, lease, read_whole(parts, feed, row, outcome))


def _written(parts: Parts, feed: Feed, row: Row[Any], lease: str, outcome: Outcome) -> Polled:
    """Write what came of asking, in one transaction."""
    now = parts.clock.now()
    try:
        with parts.database.write() as connection:
            polled, values = _decided(connection, parts, feed, row, outcome, now)
            articles_wait = polled.outcome != "failed" and fulltext.is_waiting(
                connection, feed, row.id, now
            )
            until = now + fulltext.LEASE_S if articles_wait else None
            if not feeds.record(connection, row.id, lease, values, held_until=until):
                raise _LeaseLost
    except _LeaseLost:
        return Polled("dropped")
    if articles_wait:
        polled = _with_articles(parts, feed, row, lease, polled, values.get("title", row.title))
    get_logger().info(
        "polled",
        feed=feed.url,
        outcome=polled.outcome,
        new=polled.recorded.new,
        alerts=polled.recorded.alerts,
        error=values["error_text"],
    )
    return polled


def _with_articles(
    parts: Parts, feed: Feed, row: Row[Any], lease: str, polled: Polled, title: str | None
) -> Polled:
    """Read the articles that wait, and end the lease, whatever comes of them."""
    try:
        done = fulltext.read_waiting(parts, feed, row, title)
    finally:
        with parts.database.write() as connection:
            feeds.record(connection, row.id, lease, {})
    counted = replace(
        polled.recorded,
        matched=polled.recorded.matched + done.matched,
        alerts=polled.recorded.alerts + done.alerts,
    )
    return replace(polled, recorded=counted)


def _decided(
    connection: Connection, parts: Parts, feed: Feed, row: Row[Any], outcome: Outcome, now: float
) -> tuple[Polled, dict[str, Any]]:
    """Write the document's entries; return what the poll did and the feed row's new values."""
    if isinstance(outcome, FetchFailure):
        return Polled("failed"), _failed(connection, parts, feed, row, outcome, now)
    outage.answered(connection, parts, row)
    recorded, parsed = Recorded(), None
    if isinstance(outcome, NotModified):
        values = _calm(now) | _kept(outcome.validators, row)
    elif outcome.parsed is None:
        values = _calm(now) | _as_columns(outcome.answer.validators)
    else:
        parsed = outcome.parsed
        recorder = Recorder(connection, parts.in_force, feed, row, now)
        recorded = recorder.record(
            parsed.title, outcome.items, outcome.older.items, is_cut=parsed.left_out > 0
        )
        if parsed.tombstones:
            recorder.take_back(parsed.tombstones, outcome.items)
        if not parsed.complete:
            return Polled("failed", recorded), _cut(parts, feed, row, outcome, parsed, now)
        values = _calm(now) | _read(row, outcome, parsed, now)
        known_next = pack(zip(parsed.digests, outcome.items, strict=False))  # maybe of none
        documents.keep(connection, row.id, known_next)
        if recorded.is_gap and not outcome.older.is_whole:
            values |= {"gaps": row.gaps + 1, "lost_at": now}
    answer = outcome.answer if isinstance(outcome, Fetched) else outcome
    is_same = _is_same(row, parsed, recorded)
    known = parts.in_force.feeds
    values |= moved.seen(row, answer.permanent_url, is_same=is_same, known=known, now=now)
    values["due_at"] = _next_due(parts, feed, row, answer, values, now)
    return Polled("unchanged" if parsed is None else "read", recorded), values


def _is_same(row: Row[Any], parsed: ParsedFeed | None, recorded: Recorded) -> bool:
    """Whether what was read is certainly the feed that was read before."""
    if parsed is None or recorded.known:
        return True
    return parsed.self_link is not None and parsed.self_link == row.self_link


# --- the feed's own row ------------------------------------------------------------------------


def _calm(now: float) -> dict[str, Any]:
    return {
        "last_success_at": now,
        "state": held.CALM_STATE,
        "failures": 0,
        "failing_since": None,
        "gone_at": None,
        "hold_until": None,
        "error_kind": None,
        "error_text": None,
        "error_hint": None,
    }


def _as_columns(validators: Validators) -> dict[str, Any]:
    return {
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        "validators_url": validators.url,
    }


def _kept(renewed: Validators, row: Row[Any]) -> dict[str, Any]:
    """A 304 replaces the validators it names and leaves the others (RFC 9111, 3.2)."""
    return {
        "etag": renewed.etag or row.etag,
        "last_modified": renewed.last_modified or row.last_modified,
    }


def _read(row: Row[Any], outcome: Fetched, parsed: ParsedFeed, now: float) -> dict[str, Any]:
    """Return what a complete document says of its feed."""
    values = _described(row, outcome, parsed, now) | _as_columns(outcome.answer.validators)
    values["fingerprint"] = outcome.fingerprint
    if row.baseline_at is None and outcome.items:
        values["baseline_at"] = now
    return values


def _described(row: Row[Any], outcome: Fetched, parsed: ParsedFeed, now: float) -> dict[str, Any]:
    return {
        "title": parsed.title or row.title,
        "entries": len(outcome.items),
        "left_out": parsed.left_out,
        "read_at": now,
        "emptied_at": None if outcome.items else row.emptied_at or now,
        "self_link": parsed.self_link,
        "wishes": asdict(parsed.wishes) if parsed.wishes != Wishes() else None,
    }


def _cut(
    parts: Parts, feed: Feed, row: Row[Any], outcome: Fetched, parsed: ParsedFeed, now: float
) -> dict[str, Any]:
    """Return what a document that breaks off leaves: its entries count, its state does not."""
    cut = FetchFailure(
        "truncated",
        "Its document breaks off in the middle; the entries before that were read.",
        "Ask the site to mend its feed if this goes on.",
    )
    described = _described(row, outcome, parsed, now)
    values = described | _as_columns(Validators()) | _failing(row, cut, now)
    values |= {"last_success_at": now, "hold_until": None} | moved.failed(row)
    values["due_at"] = _next_due(parts, feed, row, cut, values, now)
    return values


def _failing(row: Row[Any], failure: FetchFailure, now: float) -> dict[str, Any]:
    return {
        "state": "failing",
        "failures": row.failures + 1,
        "failing_since": row.failing_since or now,
        "gone_at": None,
        **_words(failure),
    }


def _words(failure: FetchFailure) -> dict[str, Any]:
    return {
        "error_kind": failure.kind,
        "error_text": failure.text,
        "error_hint": failure.hint,
    }


def _failed(
    connection: Connection,
    parts: Parts,
    feed: Feed,
    row: Row[Any],
    failure: FetchFailure,
    now: float,
) -> dict[str, Any]:
    """Return what a failed poll leaves; the server may slow its whole host."""
    if failure.kind in outage.KINDS:
        if outage.is_ours(connection, parts, row, now):
            due_at = outage.next_due(parts, feed, now)
            if row.failures:  # it was failing before, and keeps its own back-off
                due_at = _next_due(parts, feed, row, failure, {"failures": row.failures}, now)
            return _words(replace(failure, hint=outage.HINT)) | {"due_at": due_at}
    elif failure.kind not in outage.NEITHER:
        outage.answered(connection, parts, row)
    values = _failing(row, failure, now) | moved.failed(row)
    if failure.status == _GONE and row.adopted_at is None:
        values["gone_at"] = row.gone_at or now
        if now - values["gone_at"] >= _GONE_AFTER_S:
            return values | {"state": "gone", "due_at": None}
    values["due_at"] = _next_due(parts, feed, row, failure, values, now)
    _hold(connection, row, failure, values, now)
    return values


def _hold(
    connection: Connection, row: Row[Any], failure: FetchFailure, values: dict[str, Any], now: float
) -> None:
    """Keep the time that a server asks for: 503 for this feed, 429 for all feeds of its host."""
    asked_s = failure.retry_after_s
    if failure.status not in _BUSY:
        return
    if asked_s is not None:
        values["hold_until"] = now + asked_s
        if asked_s >= MAX_RETRY_S:
            get_logger().warning("its server asks for a week or more", feed=row.url)
    if failure.status == _TOO_MANY:
        until = min(values["due_at"], now + _SLOWED_S) if asked_s is None else now + asked_s
        feeds.hold_host(connection, failure.host or row.host, until)


def _next_due(
    parts: Parts,
    feed: Feed,
    row: Row[Any],
    answer: FetchedBody | NotModified | FetchFailure,
    values: dict[str, Any],
    now: float,
) -> float:
    """Return when to ask again."""
    if isinstance(answer, FetchFailure) and row.adopted_at is not None:
        answer = replace(answer, status=None)  # what an adopted address says is not the feed's own
    kept = values.get("wishes", row.wishes)
    due_at = interval.next_due(
        interval.PollState(values["failures"], Wishes(**kept) if kept else Wishes()),
        feed,
        answer,
        now=now,
        min_poll_s=parts.settings.min_poll_s,
        jitter=parts.clock.random(),
    )
    if not isinstance(answer, FetchFailure) and answer.max_age_s and not feed.respect_cache:
        get_logger().info("max-age not kept", feed=feed.url, max_age_s=answer.max_age_s)
    return due_at
