"""A parsed document becomes entries, keys and alerts, inside the transaction of its poll.

Identity decides what is new, the matcher who is owed it; an entry that changed, or that another
feed carries too, is judged again, and told to whom it was not told yet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Row

from alerts.feeds import identity
from alerts.log import get_logger
from alerts.model import Article, Entry, Feed, Match, ParsedFeed
from alerts.pipeline.apply import wake
from alerts.pipeline.parts import InForce
from alerts.store import alerts as alert_rows
from alerts.store import entries

#: How long the same text (K3) tells that another feed's article is the same one.
_SAME_TEXT_S = 72 * 3600.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many articles were new, how many matched a rule, how many alerts that made."""

    new: int = 0
    known: int = 0  # of this feed, from earlier polls
    matched: int = 0
    alerts: int = 0


@dataclass(frozen=True, slots=True)
class _Judged:
    """An entry to be put to the rules; `shown` is its text in digests, where marks belong."""

    entry_id: int
    entry: Entry
    shown: Entry
    seen_at: float


class Recorder:
    """Records one document of one feed."""

    def __init__(
        self, connection: Connection, in_force: InForce, feed: Feed, row: Row[tuple[object, ...]],
        now: float,
    ) -> None:  # fmt: skip
        self._connection = connection
        self._in_force = in_force
        self._feed = feed
        self._row = row
        self._now = now
        self._title = row.title

    def record(self, parsed: ParsedFeed) -> Recorded:
        """Write everything the document holds that was not known; return the counts."""
        self._title = parsed.title or self._title
        entries.one_at_a_time(self._connection)
        decision = self._decide(parsed)
        ids = entries.add(
            self._connection,
            self._row.id,
            [(new.entry, self._facts(new)) for new in decision.new],
        )
        judged = [
            _Judged(entry_id, new.entry, new.entry, self._now)
            for entry_id, new in zip(ids, decision.new, strict=True)
            if not new.is_baseline
        ]
        fresh = len(judged)
        carried = [(key, new.entry) for key, new in zip(ids, decision.new, strict=True)]
        stored = entries.by_id(self._connection, [known.entry_id for known in decision.known])
        for known in decision.known:
            row = stored.get(known.entry_id)  # None: pruned long ago, and told long ago
            if row is None or not (known.is_edited or known.is_new_outlet):
                continue
            carried.append((row.id, known.entry))
            if not known.is_new_outlet:
                entries.change(self._connection, row.id, known.entry, _comparison(known.entry))
            if not row.is_baseline:
                shown = entries.to_entry(row) if known.is_new_outlet else known.entry
                judged.append(_Judged(row.id, known.entry, shown, row.seen_at))
        entries.carry(self._connection, self._row.id, carried, self._now)
        self._remember(decision, ids)
        earlier = sum(not one.is_new_outlet for one in decision.known)
        return replace(self._judge(judged, fresh), known=earlier)

    def _facts(self, new: identity.NewEntry) -> dict[str, object]:
        facts = {"seen_at": self._now, "is_baseline": new.is_baseline}
        return _comparison(new.entry) | facts

    def _remember(self, decision: identity.Decision, ids: list[int]) -> None:
        named = [(new.keys, key) for key, new in zip(ids, decision.new, strict=True)]
        named += [(known.keys, known.entry_id) for known in decision.known]
        pairs = [(key, entry_id) for keys, entry_id in named for key in keys.all()]
        entries.remember(self._connection, self._row.id, pairs, self._now)

    def _decide(self, parsed: ParsedFeed) -> identity.Decision:
        return decide(
            self._connection,
            self._row.id,
            parsed,
            first_poll=self._row.baseline_at is None,
            look_back_s=self._feed.look_back_s,
            now=self._now,
        )

    def _judge(self, judged: Iterable[_Judged], fresh: int) -> Recorded:
        matcher = self._in_force.matcher
        matched = 0
        owed: list[alert_rows.Owed] = []
        for item in judged:
            article = Article.of(item.entry, self._feed, self._title)
            names = matcher.match(article)
            if not names:
                continue
            matched += 1
            shown = Article.of(item.shown, self._feed, self._title)
            marked = {match.rule: match for match in matcher.spans(shown, names)}
            matches = [marked.get(name, Match(name)) for name in names]
            owed += self._owed(item.entry_id, matches, item.seen_at)
        made = alert_rows.add(self._connection, owed, self._now)
        for entry_id, people in Counter(item.entry_id for item in made).items():
            get_logger().info("owed", entry=entry_id, feed=self._feed.url, subscribers=people)
        self._wake(made)
        return Recorded(new=fresh, matched=matched, alerts=len(made))

    def _owed(
        self, entry_id: int, matches: Iterable[Match], seen_at: float
    ) -> Iterator[alert_rows.Owed]:
        """Yield to whom an entry is owed: who followed the rule when it was first seen."""
        by_person: defaultdict[str, list[Match]] = defaultdict(list)
        for match in matches:
            for key in self._in_force.followers.get(match.rule, ()):
                if self._in_force.since[key, match.rule] <= seen_at:
                    by_person[key].append(match)
        for key, mine in by_person.items():
            yield alert_rows.Owed(key, entry_id, tuple(mine))

    def _wake(self, made: Iterable[alert_rows.Owed]) -> None:
        rules: defaultdict[str, set[str]] = defaultdict(set)
        for item in made:
            rules[item.subscriber].update(match.rule for match in item.matches)
        for key, names in rules.items():
            wake(self._connection, self._in_force.people[key], names, self._now)


def decide(
    connection: Connection,
    feed_id: int,
    parsed: ParsedFeed,
    *,
    first_poll: bool,
    look_back_s: float,
    now: float,
) -> identity.Decision:
    """Tell what is new in a document of a feed, by all that is stored; writes nothing."""
    keyed = identity.document_keys(parsed.entries, now=now)
    wanted = {key for keys in keyed for key in keys.all()}
    known = {
        row.key: identity.SeenKey(row.entry_id, row.last_seen)
        for row in entries.known_keys(connection, feed_id, wanted)
    }
    shared = {key for key in wanted if not key.startswith("1:")}
    elsewhere = {
        row.key: identity.SeenKey(row.entry_id, row.last_seen)
        for row in entries.keys_elsewhere(connection, feed_id, shared)
        if row.key.startswith("2:") or row.last_seen >= now - _SAME_TEXT_S
    }
    ids = {seen.entry_id for seen in (*known.values(), *elsewhere.values())}
    stored = {
        row.id: identity.StoredEntry(row.link_key, row.title_key, row.published_at, row.text_key)
        for row in entries.by_id(connection, ids).values()
    }
    return identity.decide(
        parsed.entries,
        known=known,
        elsewhere=elsewhere,
        stored=stored,
        first_poll=first_poll,
        look_back_s=look_back_s,
        now=now,
    )


def _comparison(entry: Entry) -> dict[str, object]:
    compared = identity.comparison(entry)
    return {
        "link_key": compared.link_key,
        "title_key": compared.title_key,
        "text_key": compared.text_key,
    }
