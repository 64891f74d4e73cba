"""The oracle's own calendar: local days and minutes, resolved by zoneinfo and nothing else."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from functools import cache
from zoneinfo import ZoneInfo

from sim_truth import DAY_S, When, Window, Wish

_BEFORE, _AFTER = 3, 100  # days around the time asked for


def local(at: float, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, ZoneInfo(zone))


def moment(day: dt.date, minute: int, zone: str) -> float:
    """Return a local time; one that clocks skip moves on with them, of one that is twice the first."""
    at = dt.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
    return at.timestamp()


def _is_day(when: When, day: dt.date) -> bool:
    if when.kind == "monthly":
        is_last = (day + dt.timedelta(days=1)).month != day.month
        return is_last if when.month_day < 0 else day.day == when.month_day
    return day.weekday() in when.days


@cache
def _moments(when: When, zone: str, month: int) -> tuple[float, ...]:
    minutes = range(0, 24 * 60, 60) if when.kind == "hourly" else when.minutes
    start = local(month * 30 * DAY_S, zone).date() - dt.timedelta(days=_BEFORE)
    days = (start + dt.timedelta(days=n) for n in range(_AFTER + _BEFORE))
    return tuple(
        sorted({moment(day, m, zone) for day in days if _is_day(when, day) for m in minutes})
    )


def past_quiet(at: float, quiet: Window | None, zone: str) -> float:
    """Return `at`, or the end of the quiet hours it lies in."""
    if quiet is None or not is_quiet(at, quiet, zone):
        return at
    day = local(at, zone).date()
    ends = (moment(day + dt.timedelta(days=n), quiet.end, zone) for n in (0, 1))
    return min(end for end in ends if end > at)


def is_quiet(at: float, quiet: Window, zone: str) -> bool:
    here = local(at, zone)
    minute = here.hour * 60 + here.minute
    if quiet.start < quiet.end:
        return quiet.start <= minute < quiet.end
    return minute >= quiet.start or minute < quiet.end


def alarm_at(wish: Wish, at: float) -> float | None:
    """Return the first moment from `at` on at which somebody may be told what is urgent, if any."""
    at = max(at, wish.pause_until or 0.0)
    hours = wish.urgent
    if not isinstance(hours, Window):
        return at if hours == "always" else None
    today = local(at, wish.zone).date()
    days = [today + dt.timedelta(days=n) for n in range(3)]
    minutes = [hours.start, *([wish.quiet.end] if wish.quiet is not None else [])]
    later = (moment(day, minute, wish.zone) for day in days for minute in minutes)
    for when in sorted([at, *(moment for moment in later if moment > at)]):
        is_night = wish.quiet is not None and is_quiet(when, wish.quiet, wish.zone)
        if is_quiet(when, hours, wish.zone) and not is_night:  # within these hours, that is
            return when
    return None


def told(wish: Wish, when: When, after: float) -> float:
    """Return the first moment later than `after` at which such a wish is to be told, unspread."""
    begin = max(after, wish.pause_until or 0.0)
    if when.kind == "right away":
        return past_quiet(begin, wish.quiet, wish.zone)
    found = _moments(when, wish.zone, int((begin - 2 * DAY_S) // (30 * DAY_S)))
    for at in found[bisect_right(found, begin - 2 * DAY_S) :]:
        late = past_quiet(at, wish.quiet, wish.zone)
        if late > after and late >= (wish.pause_until or 0.0):
            return late
    raise AssertionError(f"no moment of {when} after {after}")


def last_told(wish: Wish, at: float) -> float | None:
    """Return the last moment up to `at` that a wish names; None if it may be told at any."""
    return max((_last(wish, when, at) for when in wish.whens(wish.follows)), default=None)


def _last(wish: Wish, when: When, at: float) -> float:
    if when.kind == "right away":
        return at
    if when.kind == "urgent only":
        return 0.0
    found = _moments(when, wish.zone, int((at - 35 * DAY_S) // (30 * DAY_S)))
    for nominal in reversed(found[: bisect_right(found, at)]):
        if (late := past_quiet(nominal, wish.quiet, wish.zone)) <= at:
            return late
    return 0.0
