"""Entries are put to the rules, and owed to who followed them when the entries were first seen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from alerts.log import get_logger
from alerts.model import Article, Entry, Feed, Match
from alerts.pipeline import urgent
from alerts.pipeline.apply import wake
from alerts.pipeline.parts import InForce
from alerts.store import alerts as alert_rows


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry to be put to the rules; `shown` is its text in digests, where marks belong."""

    entry_id: int
    entry: Entry
    shown: Entry
    seen_at: float


class Judge:
    """Judges entries of one feed and writes what is owed; nothing is owed twice."""

    def __init__(
        self, connection: Connection, in_force: InForce, feed: Feed, title: str | None, now: float
    ) -> None:
        self._connection = connection
        self._in_force = in_force
        self._feed = feed
        self._title = title
        self._now = now

    def matches(self, entry: Entry) -> bool:
        """Whether any rule holds for the entry as it is."""
        return bool(self._in_force.matcher.match(Article.of(entry, self._feed, self._title)))

    def put(self, judged: Iterable[Judged]) -> tuple[int, int]:
        """Return how many of the entries matched a rule that somebody follows, and how many alerts
        that made.
        """
        matcher = self._in_force.matcher
        followed, alarmed = self._in_force.followers, self._in_force.alarmed
        matched = 0
        owed: list[alert_rows.Owed] = []
        for item in judged:
            article = Article.of(item.entry, self._feed, self._title)
            names = matcher.match(article)
            if not names:
                continue
            matched += any(name in followed or name in alarmed for name in names)
            shown = Article.of(item.shown, self._feed, self._title)
            marked = {match.rule: match for match in matcher.spans(shown, names)}
            matches = [marked.get(name, Match(name)) for name in names]
            judged_at = (item.seen_at, self._now)
            told = self._in_force.urgencies.mark(article, shown, matches, *judged_at)
            owed += self._owed(item.entry_id, told, item.seen_at)
        made = alert_rows.add(self._connection, owed, self._now)
        for entry_id, people in Counter(item.entry_id for item in made).items():
            get_logger().info("owed", entry=entry_id, feed=self._feed.url, subscribers=people)
        self._wake(owed)
        self._alarm(owed)
        return matched, len(made)

    def _owed(
        self, entry_id: int, matches: Iterable[Match], seen_at: float
    ) -> Iterator[alert_rows.Owed]:
        """Yield to whom an entry is owed: who followed the rule when it was first seen."""
        by_person: defaultdict[str, list[Match]] = defaultdict(list)
        for match in matches:
            alarmed = self._in_force.alarmed.get(match.rule, ()) if match.is_urgent else ()
            for key in dict.fromkeys((*self._in_force.followers.get(match.rule, ()), *alarmed)):
                since = self._in_force.since.get((key, match.rule))
                if since is not None and since <= seen_at:  # None: an edit not yet in force
                    by_person[key].append(match)
        for key, mine in by_person.items():
            at = urgent.moment(self._in_force.people[key], mine, self._now)
            yield alert_rows.Owed(key, entry_id, tuple(mine), at)

    def _alarm(self, owed: Iterable[alert_rows.Owed]) -> None:
        """Have what is urgent told, of new alerts and of those that an edit made so."""
        moments: dict[str, float] = {}
        for item in owed:
            if item.urgent_at is not None:
                known = moments.get(item.subscriber, item.urgent_at)
                moments[item.subscriber] = min(known, item.urgent_at)
        for key, at in moments.items():
            urgent.wake(self._connection, self._in_force.people[key], at)

    def _wake(self, owed: Iterable[alert_rows.Owed]) -> None:
        """Have what is told right away told, of new alerts and of those that an edit made so."""
        rules: defaultdict[str, set[str]] = defaultdict(set)
        for item in owed:
            rules[item.subscriber].update(match.rule for match in item.matches)
        for key, names in rules.items():
            wake(self._connection, self._in_force.people[key], names, self._now)
