"""When digests are due: slots of a cadence in the subscriber's zone, quiet hours, pause, spread.

Pure: `now` and `after` are UTC epoch seconds given by the caller. The grammar is `when`'s, and is
offered here too, since `config` asks this module for everything about slots.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice, takewhile
from threading import Lock
from zoneinfo import ZoneInfo

from alerts.digests.cron import trigger
from alerts.digests.when import (
    parse_cron,
    parse_date_or_time,
    parse_timezone,
    parse_when,
    parse_window,
)
from alerts.model import Cadence, Subscriber, Window

__all__ = [
    "Slot",
    "consent_until",
    "due_slot",
    "gathered",
    "half_hour_after",
    "next_slot",
    "own_moment",
    "parse_cron",
    "parse_date_or_time",
    "parse_timezone",
    "parse_when",
    "parse_window",
    "quiet_until",
    "right_away_at",
    "told_moment",
    "urgent_at",
]

#: `right away`: the first story at once, what follows within this time together.
GATHER_S = 300.0
#: Bundles of a flood come at each full and half hour, the first not before this.
_HALF_HOUR_S = 1_800.0
_LEAST_WAIT_S = 300.0
#: No zone's clocks jump further than this, twice over.
_JUMP = dt.timedelta(hours=3)
#: A digest made this soon after its slot and spread is told by the slot's time: 7:30, not 7:32.
_PUNCTUAL_S = 120.0
_DAY_S = 86_400.0
_SKEW_S = 2 * _DAY_S
_NAME = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Slot:
    """A due moment. `name` is its identity, unique per subscriber and cadence."""

    name: str  # local date and time, "2026-11-24T07:30"
    due_at: float  # when it is worked on: after quiet hours, with the subscriber's spread
    told_at: float  # what readers are told ("Next mail: 7:30 am"): the same without the spread


def next_slot(cadence: Cadence, timezone: str, after: float) -> Slot | None:
    """Return the first slot later than `after`, without spread, quiet hours or pause.

    None for cadences without a calendar. Days on which clocks change have each local slot once: a
    time that the clock skips is moved on by the skipped stretch (02:30 becomes 03:30), of a time
    that comes twice the first counts.
    """
    key = (cadence.crons, timezone, after // _DAY_S)
    since, slot = _next_slots.get(key, (after, None))
    if slot is not None and since <= after < slot.due_at:
        return slot  # it is the first after `since`, and so after all that lies between
    slot = next(_slots(cadence, ZoneInfo(timezone), after), None)
    if slot is not None:
        if len(_next_slots) >= _MAX_NEXT_SLOTS:
            _next_slots.clear()
        _next_slots[key] = (after, slot)
    return slot


#: By calendar, zone and day: a moment, and the first slot after it.
_next_slots: dict[tuple[tuple[str, ...], str, float], tuple[float, Slot]] = {}
_MAX_NEXT_SLOTS = 4_096


def due_slot(
    subscriber: Subscriber, cadence: Cadence, after: float, *, last_name: str | None = None
) -> Slot | None:
    """Return the subscriber's next slot due later than `after`, named later than `last_name`.

    A slot in quiet hours moves to their end, and all that meet there are one; no slot is due
    before `pause_until`. `last_name` is the last slot taken, so that none comes twice even after
    a change of zone or of the clock.
    """
    zone = ZoneInfo(subscriber.timezone)
    if last_name is not None and last_name > _wall(after + _SKEW_S, zone).strftime(_NAME):
        last_name = None  # the clock was far ahead once; that must not silence the subscriber
    found: Slot | None = None
    since = max(after, subscriber.pause_until or 0) - _reach(subscriber)
    for nominal in _shared(cadence, zone, since):
        if last_name is not None and nominal.name <= last_name:
            continue
        slot = _shifted(nominal, subscriber, zone)
        if slot.due_at <= after or slot.told_at < (subscriber.pause_until or 0):
            continue
        if found is not None and slot.due_at > found.due_at:
            return found
        found = slot
    return found


def _reach(subscriber: Subscriber) -> float:
    """Return how far quiet hours and spread may carry a slot."""
    return subscriber.spread_s + (_DAY_S if subscriber.quiet else 0) + 1


def gathered(last_digest_at: float | None, now: float) -> float:
    """Return when a story that matched `now` is told right away: at once, or with its gathering."""
    if last_digest_at is None or last_digest_at > now:
        return now  # a clock that was set back must not hold stories up
    return max(now, last_digest_at + GATHER_S)


def right_away_at(subscriber: Subscriber, last_digest_at: float | None, now: float) -> float:
    """Return `gathered`, moved past the subscriber's pause and quiet hours."""
    due = max(gathered(last_digest_at, now), subscriber.pause_until or now)
    return _past_quiet(due, subscriber.quiet, ZoneInfo(subscriber.timezone))


def urgent_at(subscriber: Subscriber, now: float) -> float | None:
    """Return when the subscriber may be told what is urgent: `now`, later, or never (None).

    `always` counts also in quiet hours, a window only outside of them; a pause counts always.
    """
    at = max(now, subscriber.pause_until or now)
    if not isinstance(subscriber.urgent, Window):
        return at if subscriber.urgent == "always" else None
    zone, hours = ZoneInfo(subscriber.timezone), subscriber.urgent
    closed = Window(hours.end_min, hours.start_min) if hours.end_min != hours.start_min else None
    for _ in range(3):  # out of one, into the other, and out of that: else they leave no gap
        free = _past_quiet(_past_quiet(at, closed, zone), subscriber.quiet, zone)
        if free == at:
            return at
        at = free
    return None


def half_hour_after(subscriber: Subscriber, now: float) -> float:
    """Return the next full or half hour on the subscriber's clock that is some minutes away."""
    zone = ZoneInfo(subscriber.timezone)
    earliest = now + _LEAST_WAIT_S
    offset = dt.datetime.fromtimestamp(earliest, zone).utcoffset() or dt.timedelta()
    past = (earliest + offset.total_seconds()) % _HALF_HOUR_S
    return earliest - past + _HALF_HOUR_S if past else earliest


def quiet_until(subscriber: Subscriber, due_at: float, now: float) -> float | None:
    """Return the end of the quiet hours that a slot is worked on in, None if it may go out now.

    A slot is never due in them; one that is worked on late, after a standstill, can come to them.
    """
    if now - due_at <= _PUNCTUAL_S:
        return None
    end = _past_quiet(now, subscriber.quiet, ZoneInfo(subscriber.timezone))
    return end if end > now else None


def consent_until(subscriber: Subscriber, due_at: float, now: float) -> float | None:
    """Return when the hours begin in which what is urgent may be told; None if it may go out now.

    As for quiet hours: only what is worked on late can come to others. Who agrees to no hour any
    more is told like any other reader.
    """
    if now - due_at <= _PUNCTUAL_S:
        return None
    at = urgent_at(subscriber, now)
    if at is None:
        return quiet_until(subscriber, due_at, now)
    return at if at > now else None


def own_moment(at: float) -> str:
    """Return the name of a slot that is no calendar's: the digest's own moment, in UTC."""
    return dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def told_moment(subscriber: Subscriber, at: float) -> float:
    """Return the time by which readers know a digest made `at`: its slot's, if just before."""
    slots = (
        next_slot(cadence, subscriber.timezone, at - subscriber.spread_s - _PUNCTUAL_S)
        for cadence in subscriber.cadences().values()
    )
    return min((slot.due_at for slot in slots if slot and slot.due_at <= at), default=at)


# --- the calendar ------------------------------------------------------------------------------


def _slots(cadence: Cadence, zone: ZoneInfo, after: float) -> Iterator[Slot]:
    """Yield the slots later than `after` in order, without end if the cadence has a calendar.

    CronTrigger runs on bare wall-clock time: given a real zone it fires twice in the hour that
    comes twice, and leaves out the whole day where the clock skips midnight (Santiago, Beirut).
    """
    start = _wall(after, zone) - _JUMP
    last = after
    waiting: list[float] = []  # a skipped time moves on, past others that are not: those come first
    for wall in heapq.merge(*(_walls(cron, start) for cron in cadence.crons)):
        moment = wall.replace(tzinfo=zone).timestamp()
        while waiting and waiting[0] <= moment:
            at = heapq.heappop(waiting)
            if at > last:
                yield _slot(at, zone)
                last = at
        heapq.heappush(waiting, moment)


def _shared(cadence: Cadence, zone: ZoneInfo, after: float) -> Iterator[Slot]:
    """Yield what `_slots` does; what is found is kept for all subscribers of that calendar."""
    calendar = _calendar(cadence, zone, after // _DAY_S * _DAY_S)
    slots = (calendar.at(place) for place in count())
    return (slot for slot in takewhile(bool, slots) if slot is not None and slot.due_at > after)


class _Calendar:
    """The slots from one day on, each worked out when it is first asked for."""

    def __init__(self, slots: Iterator[Slot]) -> None:
        self._slots = slots
        self._found: list[Slot] = []
        self._turn = Lock()

    def at(self, place: int) -> Slot | None:
        """Return one by its place; None if there are not so many."""
        if place >= len(self._found):
            with self._turn:
                self._found += islice(self._slots, place + 1 - len(self._found))
        return self._found[place] if place < len(self._found) else None


@lru_cache(maxsize=4096)
def _calendar(cadence: Cadence, zone: ZoneInfo, day: float) -> _Calendar:
    return _Calendar(_slots(cadence, zone, day))


def _slot(at: float, zone: ZoneInfo) -> Slot:
    return Slot(_wall(at, zone).strftime(_NAME), at, at)


def _wall(at: float, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, zone).replace(tzinfo=None)


def _walls(cron: str, start: dt.datetime) -> Iterator[dt.datetime]:
    calendar = trigger(cron)
    at = start.replace(tzinfo=dt.UTC)
    while (fire := calendar.get_next_fire_time(None, at)) is not None:
        yield fire.replace(tzinfo=None)
        at = fire + dt.timedelta(minutes=1)


# --- one subscriber's wishes -------------------------------------------------------------------


def _shifted(slot: Slot, subscriber: Subscriber, zone: ZoneInfo) -> Slot:
    told = _past_quiet(slot.due_at, subscriber.quiet, zone)
    due = told + _spread(subscriber)
    if _past_quiet(due, subscriber.quiet, zone) != due:
        due = told  # the spread must not carry a slot into quiet hours
    return Slot(slot.name, due, told)


def _spread(subscriber: Subscriber) -> float:
    """Return the subscriber's own share of `spread_s`; rooms are not spread."""
    if not all(destination.is_person for destination in subscriber.destinations):
        return 0.0
    digest = hashlib.sha256(subscriber.id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 * subscriber.spread_s


def _past_quiet(at: float, quiet: Window | None, zone: ZoneInfo) -> float:
    """Return `at`, or the end of the quiet hours it lies in."""
    if quiet is None:
        return at
    local = dt.datetime.fromtimestamp(at, zone)
    minute = local.hour * 60 + local.minute
    passes_midnight = quiet.end_min <= quiet.start_min
    late = minute >= quiet.start_min and (passes_midnight or minute < quiet.end_min)
    early = passes_midnight and minute < quiet.end_min
    if not late and not early:
        return at
    day = local.date() + dt.timedelta(days=1 if late and passes_midnight else 0)
    clock = dt.time(quiet.end_min // 60, quiet.end_min % 60)
    ends = [
        dt.datetime.combine(day, clock, tzinfo=zone).replace(fold=f).timestamp() for f in (0, 1)
    ]
    return next((end for end in ends if end > at), at)
