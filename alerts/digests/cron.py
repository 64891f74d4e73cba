"""Cron expressions: five fields with cron's own meaning, made safe for APScheduler's calendar.

APScheduler counts weekdays from Monday = 0 (cron: Sunday = 0) and joins day of month and weekday
by "and" (cron: "or" when both are restricted), so digits are refused and the "or" becomes two.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from alerts.digests.times import WhenError
from alerts.model import Cadence

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

_FIELDS = ("minute", "hour", "day of the month", "month", "weekday")
_MACROS = {
    "@hourly": "hourly",
    "@daily": "daily at midnight",
    "@midnight": "daily at midnight",
    "@weekly": "weekly on Sunday at midnight",
    "@monthly": "monthly on 1 at midnight",
}
_SHORT = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def parse_cron(text: str) -> Cadence:
    """Read "30 7 * * mon-fri" (minute, hour, day, month, weekday by name). Raises WhenError."""
    words = " ".join(text.lower().split())
    fields = words.split(" ")
    if words in _MACROS:
        told = f'"{words}" is not written as five fields.'
        raise WhenError(told, hint=f"Write without cron: when: {_MACROS[words]}", end=len(text))
    if len(fields) != 5:
        raise _wrong_count(text, len(fields) if words else 0)
    spots = [(found.start(), found.end()) for found in re.finditer(r"\S+", text)]
    if re.search(r"\d", fields[4]):
        raise _digits(fields, *spots[4])
    for name, field, spot in zip(_FIELDS, fields, spots, strict=True):
        _check_field(name, field, *spot)
    crons = _either(fields)
    for cron in crons:
        _check_comes(cron, len(text))
    return Cadence(f"cron {words}", "calendar", crons)


def _wrong_count(text: str, count: int) -> WhenError:
    return WhenError(
        f"A cron expression has five fields ({', '.join(_FIELDS)}); this one has {count}.",
        hint='Write for example {cron: "30 7 * * mon-fri"}.',
        end=max(1, len(text)),
    )


def _digits(fields: list[str], start: int, end: int) -> WhenError:
    named = re.sub(r"(?<![/\d])[0-7](?!\d)", lambda found: _SHORT[int(found[0])], fields[4])
    write = " ".join([*fields[:4], named]) if not re.search(r"\d", named) else "30 7 * * mon-fri"
    return WhenError(
        "Weekdays are written by name here: programs disagree on which day is 1.",
        hint=f"Write for example: {write}",
        start=start,
        end=end,
    )


@lru_cache(maxsize=4096)
def trigger(cron: str) -> CronTrigger:
    """Return the calendar of an expression; ValueError if it is none."""
    from apscheduler.triggers.cron import CronTrigger

    return CronTrigger.from_crontab(cron, timezone=dt.UTC)


def _check_field(name: str, field: str, start: int, end: int) -> None:
    """Refuse a field by itself, so that the message can point at it."""
    alone = ["*"] * 5
    alone[_FIELDS.index(name)] = field
    try:
        trigger(" ".join(alone))
    except ValueError:
        raise WhenError(
            f'"{field}" is no {name} of a cron expression.',
            hint='Write *, a number, a range, a list or a step: "0 8-18/2 * * mon-fri".',
            start=start,
            end=end,
        ) from None


def _either(fields: list[str]) -> tuple[str, ...]:
    """Return one expression, or two where cron means "this day of the month or this weekday"."""
    minute, hour, day, month, weekday = fields
    if day.startswith("*") or weekday.startswith("*"):
        return (" ".join(fields),)
    return (f"{minute} {hour} {day} {month} *", f"{minute} {hour} * {month} {weekday}")


def _check_comes(cron: str, end: int) -> None:
    if trigger(cron).get_next_fire_time(None, _EPOCH) is None:
        told = "This day does not exist in any year."
        raise WhenError(told, hint="For the last day of a month write last.", end=end)
