"""Whether a document looks like a site that renamed everything it ever published; pure.

Such a document brings old stories under new names: all keys are new, the dates are not. News of a
busy hour are dated after what was known before, and are never taken for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from alerts.feeds.identity import NewEntry

#: Fewer than these are let through: so many may be posted late, or corrected, at a time.
LEAST = 10
#: Fewer are enough if all of the document is new, dated and old: many sites list their last ten.
LEAST_WHOLE = 5
#: So many times the old stories of the feed's busiest days (their 99th percentile) are a storm.
_TIMES = 5
#: Of the document, this share has to be new; a site that renames does it to all of them.
_SHARE = 0.8
_DAY_S = 86_400.0
_RANK = 0.01


class Arrival(NamedTuple):
    """An entry of the feed as it came: when, and how it was dated."""

    seen_at: float
    published_at: float | None


@dataclass(frozen=True, slots=True)
class Past:
    """What the feed did before this document."""

    newest_at: float | None  # the date of the newest entry that it had
    late_a_day: int  # how many old stories even its busiest days brought

    def is_old(self, published_at: float | None) -> bool:
        """Whether an entry of this date should have been seen before; one without may be."""
        if published_at is None or self.newest_at is None:
            return True
        return published_at <= self.newest_at


def may_be(new: int, size: int) -> bool:
    """Whether `new` entries of a document of `size` are enough to ask for the past at all."""
    return (new > LEAST and new > _SHARE * size) or new == size >= LEAST_WHOLE


def is_addition(standing: int, before: int) -> bool:
    """Whether a document only adds to the last one, of `before` entries: `standing` are left of it.

    Where half of them stand as they stood nothing was renamed, whatever the dates of the others.
    """
    return standing * 2 >= before > 0


def past_of(arrivals: Iterable[Arrival], *, since: float, now: float) -> Past:
    """Return the past of a feed that was first read at `since`; what came then only dates it."""
    newest: float | None = None
    late: Counter[int] = Counter()
    for seen_at, group in groupby(sorted(arrivals, key=_seen_at), key=_seen_at):
        came = [one.published_at for one in group]
        if seen_at > since:
            before = Past(newest, 0)
            late[int(seen_at // _DAY_S)] += sum(map(before.is_old, came))
        dated = [moment for moment in (newest, *came) if moment is not None]
        newest = max(dated, default=None)
    days = max(1, int((now - since) // _DAY_S))
    return Past(newest, _high(sorted(late.values(), reverse=True), days))


def held_back(new: Sequence[NewEntry], size: int, past: Past) -> frozenset[int]:
    """Return which of the new entries of a document are a storm's; none if there is no storm.

    Those that are dated after all that was known are news, whatever happens around them.
    """
    old = frozenset(at for at, one in enumerate(new) if past.is_old(one.entry.published_at))
    if not may_be(len(new), size) or len(old) <= _TIMES * past.late_a_day:
        return frozenset()
    is_whole = len(old) == size and all(one.entry.published_at is not None for one in new)
    return old if is_whole or len(old) > LEAST else frozenset()


def _seen_at(arrival: Arrival) -> float:
    return arrival.seen_at


def _high(counts: Sequence[int], days: int) -> int:
    """Return the 99th percentile of counts (the highest first); days without any count as 0."""
    rank = int(days * _RANK)
    return counts[rank] if rank < len(counts) else 0
