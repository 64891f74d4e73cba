"""How long a feed may bring nothing before that is odd: by its own rhythm, learned from its past.

A daily paper that rests on Sundays is odd after four days, a weekly blog after three weeks.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

#: No feed is odd before: nights, feasts and weekends bring no news.
LEAST_S = 3 * 86_400.0

#: Fewer pauses than these are no rhythm; entries that come within an hour come together.
_FEWEST = 6
_TOGETHER_S = 3_600.0

#: Older entries than this say nothing of today's rhythm.
_PAST_S = 180 * 86_400.0

#: So many times its usual pause is odd; so is a pause so much longer than any it made.
_USUAL, _LONGEST = 2.5, 1.3


def patience_s(moments: Iterable[float]) -> float | None:
    """Return the longest pause (seconds) that is usual for a feed; None if too little is known.

    `moments` are those of its entries (epoch seconds), in any order.
    """
    known = sorted(moments)
    recent = [moment for moment in known if moment >= known[-1] - _PAST_S]
    pauses = [after - before for before, after in pairwise(recent) if after - before > _TOGETHER_S]
    if len(pauses) < _FEWEST:
        return None
    usual = (recent[-1] - recent[0]) / len(pauses)
    return max(LEAST_S, _USUAL * usual, _LONGEST * max(pauses))
