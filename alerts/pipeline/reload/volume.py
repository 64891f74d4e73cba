"""How many alerts a configuration would have made of the articles that are stored.

An estimate: of more articles than can be judged in a few seconds some are taken, by chance but
always the same ones, and counted for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from alerts.clock import Clock
from alerts.model import Article, Feed
from alerts.pipeline.parts import InForce
from alerts.store import entries
from alerts.store.database import Database
from alerts.store.schema import alert, entry
from alerts.store.schema import feed as feed_table

WEEK_S = 7 * 86_400.0
_DAY_S = 86_400.0

#: An edit is to be in force within 5 s: judging articles may take so much of it.
_BUDGET_S = 1.5

_BATCH = 50

#: Knuth's multiplier: spreads consecutive ids evenly over 32 bits.
_SPREAD = 2_654_435_761


@dataclass(frozen=True)
class Volume:
    """Alerts of the last 7 days."""

    total: float = 0.0
    by_rule: Mapping[str, float] = field(default_factory=dict)
    by_day: Mapping[tuple[str, int], float] = field(default_factory=dict)  # subscriber, day

    @property
    def busiest(self) -> float:
        """The most that one subscriber gets on one day."""
        return max(self.by_day.values(), default=0.0)


class Stored:
    """The articles of the last 7 days that could have been told, in an even order."""

    def __init__(self, database: Database, clock: Clock, now: float) -> None:
        self._database = database
        self._clock = clock
        query = select(entry.c.id).where(
            entry.c.seen_at >= now - WEEK_S, entry.c.is_baseline.is_(False)
        )
        with database.read() as connection:
            ids = connection.execute(query).scalars().all()
            self._feeds = {
                row.id: (row.url, row.title)
                for row in connection.execute(
                    select(feed_table.c.id, feed_table.c.url, feed_table.c.title)
                )
            }
        self._ids = sorted(ids, key=lambda key: (key * _SPREAD) % 2**32)
        self.judged = 0

    def __len__(self) -> int:
        return len(self._ids)

    def articles(self, feeds: Mapping[str, Feed]) -> Iterator[tuple[float, Article]]:
        """Yield when each was seen and the article, of configured feeds, until the time is over.

        `judged` says how many were looked at.
        """
        until = self._clock.monotonic() + _BUDGET_S
        self.judged = 0
        while self.judged < len(self._ids) and self._clock.monotonic() < until:
            some = self._ids[self.judged : self.judged + _BATCH]
            self.judged += len(some)
            with self._database.read() as connection:
                rows = entries.by_id(connection, some)
            for row in rows.values():
                url, title = self._feeds[row.feed_id]
                if url in feeds:
                    yield row.seen_at, Article.of(entries.to_entry(row), feeds[url], title)


def estimated(stored: Stored, in_force: InForce) -> Volume:
    """Return what a configuration would have made of the stored articles."""
    by_rule: Counter[str] = Counter()
    by_day: Counter[tuple[str, int]] = Counter()
    for seen_at, article in stored.articles(in_force.feeds):
        told: set[str] = set()
        for rule in in_force.matcher.match(article):
            followers = in_force.followers.get(rule, ())
            by_rule[rule] += len(followers)
            told.update(followers)
        day = int(seen_at // _DAY_S)
        by_day.update((who, day) for who in told)
    scale = len(stored) / max(1, stored.judged)
    days = {key: count * scale for key, count in by_day.items()}
    rules = {name: count * scale for name, count in by_rule.items()}
    return Volume(sum(days.values()), rules, days)


def made(database: Database, now: float) -> Volume:
    """Return what was made."""
    query = select(alert.c.subscriber, alert.c.created_at, alert.c.matches).where(
        alert.c.created_at >= now - WEEK_S
    )
    by_rule: Counter[str] = Counter()
    by_day: Counter[tuple[str, int]] = Counter()
    with database.read() as connection:
        for row in connection.execute(query):
            by_rule.update({match["rule"] for match in row.matches})
            by_day[row.subscriber, int(row.created_at // _DAY_S)] += 1
    return Volume(sum(by_day.values()), by_rule, by_day)


def most(counts: Mapping[str, float], others: Sequence[Mapping[str, float]]) -> str | None:
    """Return the key that grew most over what it was in each of the others."""

    def growth(key: str) -> float:
        return counts[key] - max((other.get(key, 0.0) for other in others), default=0.0)

    return max(sorted(counts), key=growth, default=None)
