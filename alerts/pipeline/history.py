"""The stored articles, as the rules would judge them today.

An article is judged once for each configured feed that carries it, under that feed's own facts and
title, as the polls did: the rules that hold for any of them hold for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from alerts.model import Article, Entry, Feed
from alerts.store import alerts as alert_rows
from alerts.store import entries, history


@dataclass(frozen=True, slots=True)
class Carrier:
    """A feed that carries an article, and what it calls it."""

    url: str
    name: str
    link: str | None
    title: str
    seen_at: float
    published_at: float | None


@dataclass(frozen=True, slots=True)
class Kept:
    """One stored article; the first carrier is the feed whose text was stored."""

    entry_id: int
    entry: Entry
    seen_at: float
    is_baseline: bool  # old when its feed was first polled: never told to anyone
    withdrawn_at: float | None  # when its feed was seen to take it back
    carriers: tuple[Carrier, ...]

    def articles(self, feeds: Mapping[str, Feed]) -> tuple[Article, ...]:
        """Return what the rules judge, one for each carrier that `feeds` has."""
        return tuple(
            Article.of(self._as_carried(carrier, place), feeds[carrier.url], carrier.name)
            for place, carrier in enumerate(self.carriers)
            if carrier.url in feeds
        )

    def _as_carried(self, carrier: Carrier, place: int) -> Entry:
        if place == 0:
            return self.entry
        return replace(self.entry, title=carrier.title, link=carrier.link)


def kept(connection: Connection, since: float) -> Iterator[Kept]:
    """Yield the articles first seen since then, in the order they came."""
    for rows in history.since(connection, since):
        yield from of_rows(connection, rows)


def newest(connection: Connection, since: float, most: int) -> Iterator[Kept]:
    """Yield the articles first seen since then, the last ones first, at most so many."""
    for rows in history.newest(connection, since, most):
        yield from of_rows(connection, rows)


def of_rows(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[Kept]:
    """Yield rows of entries as articles, with who carries them."""
    found = {row.id: row for row in rows}
    outlets = alert_rows.outlets(connection, list(found))
    for key, row in found.items():
        carriers = sorted(outlets.get(key, ()), key=lambda o: o.feed_id != row.feed_id)
        yield Kept(
            entry_id=key,
            entry=entries.to_entry(row),
            seen_at=row.seen_at,
            is_baseline=row.is_baseline,
            withdrawn_at=row.withdrawn_at,
            carriers=tuple(
                Carrier(o.url, o.outlet, o.link, o.title, o.seen_at, o.published_at)
                for o in carriers
            ),
        )
