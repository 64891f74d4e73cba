"""A feed's older documents (RFC 5005), read when its newest one holds nothing that was known.

Only what was published after all that was known is taken from them: an archive's depths are no
news. They are asked for one after the other, each in its turn at its host.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from alerts import links
from alerts.feeds.fetch import at_address
from alerts.feeds.items import Item
from alerts.log import get_logger
from alerts.model import Entry, Feed, FetchedBody, FetchFailure, ParsedFeed, Validators
from alerts.pipeline import quarantine
from alerts.pipeline.parts import Parts
from alerts.pipeline.record import decide, is_gap
from alerts.store import feeds

MAX_DOCUMENTS = 10

#: A host whose next turn is further away than this wants to be left alone.
_PATIENCE_S = 30.0

#: All of it has to fit into the poll's lease with room to spare.
_LONGEST_S = 150.0


@dataclass(frozen=True, slots=True)
class Older:
    """News of older documents; `is_whole`: they reach back to what was known."""

    items: tuple[Item, ...] = ()
    is_whole: bool = False


def older(
    parts: Parts, feed: Feed, row: Row[Any], parsed: ParsedFeed, items: Sequence[Item]
) -> Older:
    """Return what a feed published between its last document and this one, if it offers that."""
    if parsed.older is None or row.baseline_at is None or not parsed.complete:
        return Older()
    now = parts.clock.now()
    with parts.database.read() as connection:
        decision = decide(
            connection, row.id, items, first_poll=False, look_back_s=feed.look_back_s, now=now
        )
        if not is_gap(connection, row, decision, items, now):
            return Older()
        past = quarantine.past_of(connection, row, now)
    if past.newest_at is None:
        return Older()
    found: list[Entry] = []
    is_whole = False
    for document in _documents(parts, feed, parsed):
        dated = [one for one in document.entries if one.published_at is not None]
        news = [one for one in dated if not past.is_old(one.published_at)]
        found += news
        is_whole = len(news) < len(dated)
        if is_whole:
            break
    get_logger().info("caught up", feed=feed.url, entries=len(found), is_whole=is_whole)
    return Older(tuple(map(Item.of, found)), is_whole)


def _documents(parts: Parts, feed: Feed, parsed: ParsedFeed) -> Iterator[ParsedFeed]:
    """Yield the older documents, each named by the one after it, as far as they can be read."""
    ends_at = parts.clock.monotonic() + _LONGEST_S
    asked = {feed.url}
    url = parsed.older
    while url is not None and url not in asked and len(asked) <= MAX_DOCUMENTS:
        asked.add(url)
        is_downgrade = feed.url.startswith("https:") and not url.startswith("https:")
        if is_downgrade or parts.clock.monotonic() >= ends_at or not _wait(parts, url):
            return
        answer = parts.fetcher.fetch(at_address(feed, url), Validators())
        if not isinstance(answer, FetchedBody):
            return
        document = parts.reader.read(answer, None, parts.clock.now()).found
        if document is None or isinstance(document, FetchFailure):
            return
        del answer  # and the room that it takes
        yield document
        url = document.older


def _wait(parts: Parts, url: str) -> bool:
    """Wait for a turn at the host; False if that is too far away."""
    now = parts.clock.now()
    with parts.database.write() as connection:
        at = feeds.take_turn(
            connection, links.host(url), now, parts.settings.host_gap_s, now + _PATIENCE_S
        )
    if at is None:
        return False
    parts.clock.sleep(at - now)
    return True
