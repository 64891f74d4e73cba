"""The pages of new entries, fetched after their poll was recorded, and matched too.

What an entry says by itself is recorded and told first; its page is noted in the same transaction,
and asked for while the feed's lease is still held. A page that does not come leaves the entry as
it was. What a crash cuts short, the feed's next poll takes up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from alerts.feeds import articles, pages
from alerts.log import get_logger
from alerts.model import Entry, Feed, FetchFailure
from alerts.pipeline.judge import Judge, Judged
from alerts.pipeline.parts import Parts
from alerts.plain import plain_text
from alerts.store import entries, feeds, fulltext

MAX_PAGES = 20

#: No page is begun later than this after the first, and the lease holds for over twice as long.
_LONGEST_S = 120.0
LEASE_S = 300.0

#: Others wait behind a page that hangs: it is given little time at first, and more at later tries.
#: Nor is one begun after those that did not come have cost so much together.
_DEADLINES_S = (8.0, 15.0, 30.0)
_IN_VAIN_S = 45.0

#: A host whose next turn is further away than this wants to be left alone.
_PATIENCE_S = 30.0

#: A request is over by then, whatever the server does (`feeds.fetch` has a deadline).
_REQUEST_S = 45.0

#: What may be over in a while is asked for again at a later poll, but so often at most.
_TRIES = 3
_AGAIN_S = 900.0
_PASSING = frozenset({"timeout", "dns", "connect", "rate_limited"})
_SERVERS_OWN = 500

#: What could not be asked for in so long is no news any more.
_OLD_S = 86_400.0
_TOO_OLD = "Its page was not asked for within a day."

#: A host that says 429 and not how long is asked nothing for this long.
_SLOWED_S = 900.0


@dataclass(frozen=True, slots=True)
class Articles:
    """How many pages were read, how many were not, and what that made."""

    read: int = 0
    failed: int = 0
    matched: int = 0  # entries that matched nothing before
    alerts: int = 0


def want(
    connection: Connection, feed: Feed, feed_id: int, new: list[tuple[int, Entry]], now: float
) -> None:
    """Note that the pages of these entries are to be fetched, if the feed says so.

    They are new, or news from another feed; a page that was wanted before is left as it is.
    """
    if feed.fulltext and articles.is_installed():
        fulltext.want(connection, feed_id, [(key, one.link) for key, one in new if one.link], now)


def is_old(seen_at: float, now: float) -> bool:
    """Whether what was first seen then is no news any more, whatever its page says."""
    return seen_at < now - _OLD_S


def contents(connection: Connection, stored: Iterable[Row[Any]]) -> dict[int, str]:
    """Return what the pages said of these entries: an edit in a feed does not take it away."""
    texts = {row.id: row.content for row in stored}
    return {key: texts[key] for key in fulltext.read_among(connection, list(texts))}


def is_waiting(connection: Connection, feed: Feed, feed_id: int, now: float) -> bool:
    """Whether any page of the feed is to be fetched now; forgets those that are too old."""
    if not (feed.fulltext and articles.is_installed()):
        return False
    old = fulltext.give_up(connection, feed_id, now - _OLD_S, _TOO_OLD)
    if old:
        get_logger().warning("articles given up", feed=feed.url, articles=old)
    return bool(fulltext.due(connection, feed_id, now, 1))


def read_waiting(parts: Parts, feed: Feed, row: Row[Any], title: str | None) -> Articles:
    """Fetch pages that wait, one after the other, each in its turn at its host."""
    ends_at = parts.clock.monotonic() + _LONGEST_S
    with parts.database.read() as connection:
        waiting = fulltext.due(connection, row.id, parts.clock.now(), MAX_PAGES)
    done = Articles()
    left_alone: set[str] = set()
    in_vain_s = 0.0
    for one in waiting:
        if parts.clock.monotonic() >= ends_at or in_vain_s >= _IN_VAIN_S:
            break
        if one.host in left_alone:
            continue
        if not _begin(parts, one):
            left_alone.add(one.host)
            continue
        began = parts.clock.monotonic()
        deadline_s = _DEADLINES_S[min(one.tries, _TRIES - 1)]
        found = pages.text(parts.fetcher, parts.reader, feed, one.link, deadline_s)
        if isinstance(found, FetchFailure):
            in_vain_s += parts.clock.monotonic() - began
            _failed(parts, feed, one, found)
            done = replace(done, failed=done.failed + 1)
            continue
        matched, made = _put(parts, feed, one.entry_id, found, title)
        done = replace(
            done, read=done.read + 1, matched=done.matched + matched, alerts=done.alerts + made
        )
    get_logger().info(
        "articles", feed=feed.url, read=done.read, failed=done.failed, alerts=done.alerts
    )
    return done


def _begin(parts: Parts, waiting: Row[Any]) -> bool:
    """Count a try before it is made, and wait for its turn; False if that is too far away."""
    now = parts.clock.now()
    with parts.database.write() as connection:
        at = fulltext.begin(
            connection,
            waiting.entry_id,
            now=now,
            gap_s=parts.settings.host_gap_s,
            latest=now + _PATIENCE_S,
            again_at=now + _AGAIN_S,
            longest_s=_REQUEST_S,
        )
    if at is None:
        return False
    parts.clock.sleep(at - now)
    return True


def _failed(parts: Parts, feed: Feed, waiting: Row[Any], failure: FetchFailure) -> None:
    """Ask again at a later poll, or never: the entry stays as its feed has it."""
    is_passing = failure.kind in _PASSING or (failure.status or 0) >= _SERVERS_OWN
    again = is_passing and waiting.tries + 1 < _TRIES
    with parts.database.write() as connection:
        fulltext.fail(connection, waiting.entry_id, failure.text, is_last=not again)
        if failure.kind == "rate_limited":
            until = parts.clock.now() + (failure.retry_after_s or _SLOWED_S)
            feeds.hold_host(connection, failure.host or waiting.host, until)
    get_logger().info(
        "article not read", feed=feed.url, entry=waiting.entry_id, error=failure.text, again=again
    )


def _put(parts: Parts, feed: Feed, entry_id: int, text: str, title: str | None) -> tuple[int, int]:
    """Replace the entry's content if its page says more, and judge it again."""
    now = parts.clock.now()
    with parts.database.write() as connection:
        entries.one_at_a_time(connection)
        stored = entries.by_id(connection, [entry_id]).get(entry_id)
        if not fulltext.end(connection, entry_id, now) or stored is None:
            return 0, 0
        before = entries.to_entry(stored)
        had = max(len(plain_text(before.content)), len(plain_text(before.summary)))
        if len(plain_text(text)) <= had:
            return 0, 0
        whole = replace(before, content=text)
        fulltext.replace_content(connection, entry_id, text[: entries.TEXT_CHARS])
        judge = Judge(connection, parts.in_force, feed, title, now)
        matched_before = judge.matches(before)
        matched, alerts = judge.put([Judged(entry_id, whole, whole, stored.seen_at)])
    return (0 if matched_before else matched), alerts
