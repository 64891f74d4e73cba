"""A parsed document becomes entries, keys and alerts, inside the transaction of its poll.

Identity decides what is new, the matcher who is owed it; an entry that changed, or that another
feed carries too, is judged again, and told to whom it was not told yet.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Row

from alerts.feeds import identity, withdrawals
from alerts.feeds.items import Item
from alerts.feeds.likeness import Comparison
from alerts.model import Entry, Feed
from alerts.pipeline import fulltext, quarantine, urgent
from alerts.pipeline.judge import Judge, Judged
from alerts.pipeline.parts import InForce
from alerts.store import entries, follow_ups, held

#: How long the same text (K3) tells that another feed's article is the same one.
_SAME_TEXT_S = 72 * 3600.0

#: A document of fewer entries is never full: it says nothing of what it left out.
_LEAST_FULL = 3


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many articles were new, how many matched a rule, how many alerts that made."""

    new: int = 0
    known: int = 0  # of this feed, from earlier polls
    matched: int = 0
    alerts: int = 0
    held: int = 0  # back, for an admin to decide
    is_gap: bool = False  # nothing in the document was known: some may have come and gone


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

    def record(
        self,
        title: str | None,
        items: Sequence[Item],
        older: Sequence[Item] = (),
        *,
        is_cut: bool = False,
    ) -> Recorded:
        """Write what the document and `older` ones hold that was not known; return the counts.

        `is_cut`: what followed in the document was not read.
        """
        self._title = title or self._title
        entries.one_at_a_time(self._connection)
        decision = self._decide((*items, *older))
        held_back = quarantine.held_back(self._connection, self._row, decision, self._now)
        old = held_back | (_moved_up(items, decision) if is_cut else frozenset())
        skipped = not held_back and is_gap(self._connection, self._row, decision, items, self._now)
        ids = entries.add(
            self._connection,
            self._row.id,
            [(n.entry, self._facts(n, at in old)) for at, n in enumerate(decision.new)],
        )
        held.hold(self._connection, self._row.id, [ids[at] for at in held_back], self._now)
        judged = [
            Judged(entry_id, new.entry, new.entry, self._now)
            for at, (entry_id, new) in enumerate(zip(ids, decision.new, strict=True))
            if not (new.is_baseline or at in old)
        ]
        fresh = len(judged)
        new = [(item.entry_id, item.entry) for item in judged]
        fulltext.want(self._connection, self._feed, self._row.id, new, self._now)
        carried = [(key, new.entry) for key, new in zip(ids, decision.new, strict=True)]
        again, more, withdrawn = self._changed(decision)
        entries.carry(self._connection, self._row.id, carried + more, self._now)
        self._remember(decision, ids)
        judge = Judge(self._connection, self._in_force, self._feed, self._title, self._now)
        matched, alerts = judge.put(judged + again)
        self._follow_up([item.entry_id for item in again], withdrawn)
        return Recorded(
            new=fresh,
            known=sum(not one.is_new_outlet for one in decision.known),
            matched=matched,
            alerts=alerts,
            held=len(held_back),
            is_gap=skipped,
        )

    def take_back(self, tombstones: Sequence[str], items: Sequence[Item]) -> None:
        """Withdraw the entries of these keys, but those that the document lists all the same."""
        gone = set(tombstones) - {item.keys.k1 for item in items}
        known = entries.known_keys(self._connection, self._row.id, gone)
        self._follow_up((), [row.entry_id for row in known])

    def _follow_up(self, edited: Collection[int], withdrawn: Collection[int]) -> None:
        gone = follow_ups.withdraw(self._connection, self._row.id, withdrawn, self._now)
        if edited or gone:
            urgent.wake_again(self._connection, self._in_force, edited, gone, self._now)

    def _changed(
        self, decision: identity.Decision
    ) -> tuple[list[Judged], list[tuple[int, Entry]], list[int]]:
        """Write what changed of known entries.

        Return what to judge again, what is carried, and what its headline now says is withdrawn.
        """
        judged: list[Judged] = []
        carried: list[tuple[int, Entry]] = []
        withdrawn: list[int] = []
        changed = [one for one in decision.known if one.is_edited or one.is_new_outlet]
        stored = entries.by_id(self._connection, [one.entry_id for one in changed])
        pages = fulltext.contents(self._connection, stored.values())
        vouched_for = self._vouched_for(decision)
        for known in changed:
            row = stored.get(known.entry_id)  # None: pruned long ago, and told long ago
            if row is None or known.entry is None:
                continue
            carried.append((row.id, known.entry))
            said = known.entry
            if len(pages.get(row.id, "")) > len(said.content):
                said = replace(said, content=pages[row.id])
            if not known.is_new_outlet:
                values = _columns(known.compared) | {"changed_at": self._now}
                entries.change(self._connection, row.id, said, values)
                if withdrawals.says_so(said.title) and not withdrawals.says_so(row.title):
                    withdrawn.append(row.id)
            if row.id in vouched_for or not row.is_baseline:
                shown = entries.to_entry(row) if known.is_new_outlet else said
                if known.is_new_outlet:
                    self._want_page(row, known.entry)
                judged.append(Judged(row.id, said, shown, row.seen_at))
        return judged, carried, withdrawn

    def _want_page(self, stored: Row[tuple[object, ...]], entry: Entry) -> None:
        """Have the page asked for that another feed's news has here, where that feed has none."""
        if not fulltext.is_old(stored.seen_at, self._now):
            page = [(stored.id, entry)]
            fulltext.want(self._connection, self._feed, self._row.id, page, self._now)

    def _vouched_for(self, decision: identity.Decision) -> set[int]:
        """Let go what another feed holds back and this one brings as news; return those entries."""
        if self._row.baseline_at is None:
            return set()
        brought = [known.entry_id for known in decision.known if known.is_new_outlet]
        found = held.among(self._connection, brought)
        held.let_go(self._connection, found)
        return found

    def _facts(self, new: identity.NewEntry, is_old: bool) -> dict[str, object]:
        facts = {"seen_at": self._now, "is_baseline": new.is_baseline or is_old}
        return _columns(new.compared) | facts

    def _remember(self, decision: identity.Decision, ids: list[int]) -> None:
        named = [(new.keys, key) for key, new in zip(ids, decision.new, strict=True)]
        named += [(known.keys, known.entry_id) for known in decision.known]
        pairs = [(key, entry_id) for keys, entry_id in named for key in keys.all()]
        entries.remember(self._connection, self._row.id, pairs, self._now)

    def _decide(self, items: Sequence[Item]) -> identity.Decision:
        return decide(
            self._connection,
            self._row.id,
            items,
            first_poll=self._row.baseline_at is None,
            look_back_s=self._feed.look_back_s,
            now=self._now,
        )


def decide(
    connection: Connection,
    feed_id: int,
    items: Sequence[Item],
    *,
    first_poll: bool,
    look_back_s: float,
    now: float,
) -> identity.Decision:
    """Tell what is new in a document of a feed, by all that is stored; writes nothing."""
    document = identity.Document.of(items)
    wanted = document.keys
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
        for row in entries.compared(connection, ids)
    }
    return identity.decide(
        document,
        known=known,
        elsewhere=elsewhere,
        stored=stored,
        first_poll=first_poll,
        look_back_s=look_back_s,
        now=now,
    )


def is_gap(
    connection: Connection,
    row: Row[tuple[object, ...]],
    decision: identity.Decision,
    items: Sequence[Item],
    now: float,
) -> bool:
    """Whether a document as long as the last holds news, and nothing that was there before."""
    if row.baseline_at is None or len(items) < max(row.entries, _LEAST_FULL):
        return False
    if any(not one.is_new_outlet for one in decision.known):
        return False
    dates = [one.published_at for one in items if one.published_at is not None]
    past = quarantine.past_of(connection, row, now)
    return not dates or not all(map(past.is_old, dates))


def _moved_up(items: Sequence[Item], decision: identity.Decision) -> frozenset[int]:
    """Return which of the new entries stand at the end of a document of which the rest is unread.

    They were unread before, and moved up when others were taken out: they are no news.
    """
    places = {id(one.entry): at for at, one in enumerate(decision.new)}
    found: set[int] = set()
    for item in reversed(items):
        at = None if item.entry is None else places.get(id(item.entry))
        if at is None:
            return frozenset(found)
        found.add(at)
    return frozenset()  # none of them is known


def _columns(compared: Comparison) -> dict[str, object]:
    return {
        "link_key": compared.link_key,
        "title_key": compared.title_key,
        "text_key": compared.text_key,
    }
