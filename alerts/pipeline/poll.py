"""One poll of one claimed feed: fetch, parse, tell what is new, match, and write it all at once.

The network and the parser run before the transaction; everything that is decided about entries is
decided inside it, so that two feeds that carry one article at the same moment make one entry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Row

from alerts.feeds import interval
from alerts.feeds.fingerprint import fingerprint
from alerts.feeds.parse import parse
from alerts.log import get_logger
from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, ParsedFeed, Validators
from alerts.pipeline.parts import Parts
from alerts.pipeline.record import Recorded, Recorder
from alerts.store import feeds

#: How long a server's Retry-After is believed.
_MAX_HOLD_S = 7 * 86_400.0

#: A feed is gone at a second 410 at least this long after the first.
_GONE_AFTER_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll did."""

    outcome: Literal["read", "unchanged", "failed", "dropped"]
    recorded: Recorded = field(default_factory=Recorded)


@dataclass(frozen=True, slots=True)
class _Fetched:
    """An answer with its document, if it had to be read."""

    answer: FetchedBody
    fingerprint: str
    parsed: ParsedFeed | None  # None: the same document as last time


_Outcome = FetchFailure | NotModified | _Fetched


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
    started = parts.clock.now()
    outcome = _ask(parts, feed, row)
    now = parts.clock.now()
    try:
        with parts.database.write() as connection:
            polled, values = _decided(connection, parts, feed, row, outcome, now)
            values["last_poll_at"] = started
            if not feeds.record(connection, row.id, lease, values):
                raise _LeaseLost
    except _LeaseLost:
        return Polled("dropped")
    get_logger().info(
        "polled",
        feed=feed.url,
        outcome=polled.outcome,
        new=polled.recorded.new,
        alerts=polled.recorded.alerts,
        error=values["error_text"],
    )
    return polled


def _decided(
    connection: Connection, parts: Parts, feed: Feed, row: Row[Any], outcome: _Outcome, now: float
) -> tuple[Polled, dict[str, Any]]:
    """Write the document's entries; return what the poll did and the feed row's new values."""
    if isinstance(outcome, FetchFailure):
        polled, values = Polled("failed"), _failed(connection, row, outcome, now)
    elif isinstance(outcome, NotModified):
        polled, values = Polled("unchanged"), _calm(now) | _kept(outcome.validators, row)
    elif outcome.parsed is None:
        polled = Polled("unchanged")
        values = _calm(now) | _as_columns(outcome.answer.validators)
    else:
        recorded = Recorder(connection, parts.in_force, feed, row, now).record(outcome.parsed)
        polled = Polled("read" if outcome.parsed.complete else "failed", recorded)
        values = _calm(now) | _read(row, outcome, outcome.parsed, now)
    values["due_at"] = _next_due(parts, feed, outcome, values, now)
    return polled, values


def _ask(parts: Parts, feed: Feed, row: Row[Any]) -> _Outcome:
    """Fetch and, if the document is another than last time, parse."""
    validators = Validators(row.etag, row.last_modified, row.validators_url)
    answer = parts.fetcher.fetch(feed, validators)
    if not isinstance(answer, FetchedBody):
        return answer
    print_ = fingerprint(answer.body)
    if print_ == row.fingerprint:
        return _Fetched(answer, print_, None)
    parsed = parse(answer.body, answer.content_type, answer.final_url, now=parts.clock.now())
    if isinstance(parsed, FetchFailure):
        return parsed
    return _Fetched(answer, print_, parsed)


# --- the feed's own row ------------------------------------------------------------------------


def _calm(now: float) -> dict[str, Any]:
    return {
        "last_success_at": now,
        "state": "ok",
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


def _read(row: Row[Any], outcome: _Fetched, parsed: ParsedFeed, now: float) -> dict[str, Any]:
    """Return what a parsed document says of its feed. Cut short: entries count, state does not."""
    values: dict[str, Any] = {"title": parsed.title or row.title, "entries": len(parsed.entries)}
    if not parsed.complete:
        cut = FetchFailure(
            "truncated",
            "Its document breaks off in the middle; the entries before that were read.",
            "Ask the site to mend its feed if this goes on.",
        )
        return values | _as_columns(Validators()) | _failing(row, cut, now)
    values |= _as_columns(outcome.answer.validators) | {"fingerprint": outcome.fingerprint}
    if row.baseline_at is None and parsed.entries:
        values["baseline_at"] = now
    return values


def _failing(row: Row[Any], failure: FetchFailure, now: float) -> dict[str, Any]:
    return {
        "state": "failing",
        "failures": row.failures + 1,
        "failing_since": row.failing_since or now,
        "error_kind": failure.kind,
        "error_text": failure.text,
        "error_hint": failure.hint,
    }


def _failed(
    connection: Connection, row: Row[Any], failure: FetchFailure, now: float
) -> dict[str, Any]:
    values = _failing(row, failure, now)
    if failure.retry_after_s is not None and failure.status in (429, 503):
        values["hold_until"] = now + min(failure.retry_after_s, _MAX_HOLD_S)
        feeds.hold_host(connection, row.host, values["hold_until"])
    if failure.status == 410:
        values["gone_at"] = row.gone_at or now
        if now - values["gone_at"] >= _GONE_AFTER_S:
            values["state"] = "gone"
    else:
        values["gone_at"] = None
    return values


def _next_due(
    parts: Parts,
    feed: Feed,
    outcome: _Outcome,
    values: dict[str, Any],
    now: float,
) -> float | None:
    """Return when to ask again; None for a feed that is gone."""
    if values["state"] == "gone":
        return None
    answer: FetchedBody | NotModified | FetchFailure
    ttl_s = None
    if isinstance(outcome, _Fetched):
        answer = outcome.answer
        if outcome.parsed is not None:
            ttl_s = outcome.parsed.ttl_s
            if not outcome.parsed.complete:
                answer = FetchFailure("truncated", values["error_text"])
    else:
        answer = outcome
    return interval.next_due(
        interval.PollState(values["failures"], ttl_s),
        feed,
        answer,
        now=now,
        min_poll_s=parts.settings.min_poll_s,
        jitter=parts.clock.random(),
    )
