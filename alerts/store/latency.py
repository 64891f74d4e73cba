"""How long stories take to their readers, by rule: published, seen by us, accepted or written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from alerts.store.schema import alert, delivery, entry, feed

#: Of so many seconds, and at most of so many alerts, the latest.
SPAN_S = 7 * 86_400.0
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds: half of the stories took at most the median, nine of ten at most the p90."""

    stories: int
    median_s: float
    p90_s: float


#: Rule -> stage ("published to seen", "seen to sent") -> how long that takes.
Latencies = dict[str, dict[str, Latency]]


def latencies(connection: Connection, now: float) -> Latencies:
    """Return the latencies of what arrived lately.

    A stage that nothing tells of is left out: a story without a date, or of a feed's first
    document, was not seen late.
    """
    arrived = func.min(delivery.c.ended_at).label("sent_at")
    query = (
        select(alert.c.matches, entry.c.published_at, entry.c.seen_at, feed.c.baseline_at, arrived)
        .join(delivery, delivery.c.digest_id == alert.c.digest_id)
        .join(entry, entry.c.id == alert.c.entry_id)
        .join(feed, feed.c.id == entry.c.feed_id)
        .where(delivery.c.state.in_(("delivered", "written")), delivery.c.ended_at > now - SPAN_S)
        .group_by(alert.c.subscriber, alert.c.entry_id, entry.c.id, feed.c.id)
        .order_by(arrived.desc())
        .limit(_MOST)
    )
    waits: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(query):
        is_first = row.baseline_at is None or row.seen_at <= row.baseline_at
        for match in row.matches:
            stages = waits[match["rule"]]
            stages["seen to sent"].append(max(0.0, row.sent_at - row.seen_at))
            if row.published_at is not None and not is_first:
                stages["published to seen"].append(max(0.0, row.seen_at - row.published_at))
    return {
        rule: {stage: _of(found) for stage, found in sorted(stages.items())}
        for rule, stages in sorted(waits.items())
    }


def _of(waits: Sequence[float]) -> Latency:
    found = sorted(waits)
    return Latency(len(found), *(_rank(found, share) for share in (0.5, 0.9)))


def _rank(found: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return found[max(0, -int(-share * len(found) // 1) - 1)]
