"""When to ask a feed again: a pure function of what happened and what the publisher wishes.

It knows neither rates nor rules; those come into the interval, the floors here stay as they are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, Wishes

AUTO_S = 1_800.0
OFTEN_S = 600.0
HOUR_S = 3_600.0
DAY_S = 86_400.0
REFUSED_S = HOUR_S  # 403, 404, 451: people have to act, so asking soon again is rude
WEEK_S = 7 * DAY_S
_REFUSED = frozenset({401, 402, 403, 404, 407, 451})
_GONE = 410
_SPREAD = 0.05  # of a calm interval, added: feeds that began together drift apart
_BACK_OFF_JITTER = 0.1
_NONE = Wishes()


@dataclass(frozen=True, slots=True)
class PollState:
    """What is known of a feed after the poll; `failures` in a row include the present one."""

    failures: int = 0
    wishes: Wishes = _NONE  # the document's own


def next_due(
    state: PollState,
    feed: Feed,
    outcome: FetchedBody | NotModified | FetchFailure,
    *,
    now: float,
    min_poll_s: float,
    jitter: float,
) -> float:
    """Return when (epoch seconds) the feed is due next; `jitter` is a random number in [0, 1)."""
    if isinstance(outcome, FetchFailure):
        return now + max(_back_off_s(state, feed, outcome, jitter), min_poll_s)
    calm_s = _interval_s(feed) * (1 + _SPREAD * jitter)
    wait_s = max(calm_s, min_poll_s, _wished_s(state, feed, outcome))
    return _awake(now + wait_s, state.wishes, now + max(wait_s, DAY_S))


def spread_due(feed: Feed, *, now: float, min_poll_s: float, jitter: float) -> float:
    """Return a moment of the next interval: while our own network is down nobody is at fault."""
    return now + min_poll_s + _interval_s(feed) * jitter


def _interval_s(feed: Feed) -> float:
    return OFTEN_S if feed.check == "often" else AUTO_S


def _wished_s(state: PollState, feed: Feed, outcome: FetchedBody | NotModified) -> float:
    """Return the longest silence the publisher asks for, never more than a day."""
    fresh_s = (outcome.max_age_s or 0.0) if feed.respect_cache else 0.0
    return min(max(fresh_s, state.wishes.ttl_s or 0.0), DAY_S)


def _awake(due: float, wishes: Wishes, latest: float) -> float:
    """Return the first moment from `due` on that lies in no hour and day to be skipped."""
    while due < latest and _is_skipped(due, wishes):
        due += HOUR_S
    return min(due, latest)


def _is_skipped(moment: float, wishes: Wishes) -> bool:
    hour = int(moment // HOUR_S) % 24
    day = (int(moment // DAY_S) + 3) % 7  # 1 January 1970 was a Thursday
    return hour in wishes.skip_hours or day in wishes.skip_days


def _back_off_s(state: PollState, feed: Feed, failure: FetchFailure, jitter: float) -> float:
    """Return the wait after a failure: doubling to a day; Retry-After is a floor up to a week."""
    asked_s = min(failure.retry_after_s or 0.0, WEEK_S)
    if failure.status == _GONE:
        # A second 410 counts only a day after the first, so it must not come earlier.
        return max(DAY_S * (1 + _BACK_OFF_JITTER * jitter), asked_s)
    first_s = _interval_s(feed)
    if failure.status in _REFUSED:
        first_s = max(first_s, REFUSED_S)
    doublings = min(max(state.failures, 1) - 1, 20)
    wait_s = min(math.ldexp(first_s, doublings), DAY_S)
    return max(wait_s * (1 + _BACK_OFF_JITTER * (2 * jitter - 1)), asked_s)
