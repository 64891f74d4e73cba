"""The grammar of `when`: "weekdays at 7:30 am and 5 pm" becomes a Cadence with cron expressions.

Canonical texts are the identity of a subscriber's slots, so two spellings of one wish are one.
Also the door to the other time grammars of the configuration (windows, zones, cron, moments).
"""

from __future__ import annotations

import difflib
import re

from alerts.digests.cron import parse_cron
from alerts.digests.times import (
    WhenError,
    parse_clock,
    parse_date_or_time,
    parse_window,
    show_clock,
)
from alerts.digests.zones import parse_timezone
from alerts.model import Cadence

__all__ = [
    "WhenError",
    "parse_cron",
    "parse_date_or_time",
    "parse_timezone",
    "parse_when",
    "parse_window",
]

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

#: Days of the week of each word, as cron writes them.
_DAYS = {"daily": "*", "weekdays": "mon-fri", "weekends": "sat,sun"}
_FORMS = (
    "right away",
    "hourly",
    "daily at 7:30 am",
    "weekdays at 7:30 am and 5 pm",
    "weekends at 9 am",
    "weekly on Friday at 5 pm",
    "monthly on 1 at 9 am",
    "urgent only",
)
_ALL_FORMS = f"Write one of: {' · '.join(_FORMS)}"
#: Other words for the same thing -> what to write.
_MEANT = {
    "immediately": "right away",
    "instantly": "right away",
    "instant": "right away",
    "now": "right away",
    "at once": "right away",
    "asap": "right away",
    "real time": "right away",
    "realtime": "right away",
    "every hour": "hourly",
    "urgent": "urgent only",
    "only urgent": "urgent only",
    "never": "urgent only",
}
_SAME_DAYS = {
    "every day": "daily",
    "each day": "daily",
    "everyday": "daily",
    "every weekday": "weekdays",
    "weekday": "weekdays",
    "workdays": "weekdays",
    "every weekend": "weekends",
    "weekend": "weekends",
    "every month": "monthly on 1",
    "monthly": "monthly on 1",
    "every week": "weekly on Monday",
    "weekly": "weekly on Monday",
}
_AT = re.compile(r"\s+at(?:\s+|$)", re.IGNORECASE)
_AND = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*", re.IGNORECASE)
_DAY_OF_MONTH = re.compile(r"(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)?", re.IGNORECASE)


def parse_when(text: str) -> Cadence:
    """Read one of the forms of `when`, tolerant of case and spacing. Raises WhenError."""
    words = " ".join(text.lower().split())
    if words in ("right away", "urgent only"):
        return Cadence(words, "right away" if words == "right away" else "urgent only")
    if words == "hourly":
        return Cadence("hourly", "calendar", ("0 * * * *",))
    at = _AT.search(text)
    if not at:
        raise _without_time(text, words)
    days, fields = _days(text[: at.start()], text[at.end() :])
    times = _times(text[at.end() :], at.end())
    shown = " and ".join(map(show_clock, times))
    crons = tuple(f"{t % 60} {t // 60} {fields}" for t in times)
    return Cadence(f"{days} at {shown}", "calendar", crons)


def _times(text: str, offset: int) -> list[int]:
    """Return the distinct times in the order of the day."""
    found, start = set(), 0
    for gap in (*_AND.finditer(text), None):
        end = gap.start() if gap else len(text)
        found.add(parse_clock(text[start:end], at=offset + start))
        start = gap.end() if gap else end
    return sorted(found)


def _days(text: str, times: str) -> tuple[str, str]:
    """Return the canonical words for the days and cron's last three fields."""
    words = " ".join(text.lower().split())
    if words in _DAYS:
        return words, f"* * {_DAYS[words]}"
    first, _, rest = words.partition(" ")
    rest = rest.removeprefix("on ")
    if first == "weekly" and rest:
        return _weekly(text, rest)
    if first == "monthly" and rest:
        return _monthly(text, rest)
    raise _wrong_days(text, words, times)


def _weekly(text: str, rest: str) -> tuple[str, str]:
    days: set[int] = set()
    for word in _AND.split(rest):
        day = _weekday(word)
        if day is None:
            near = difflib.get_close_matches(word.capitalize(), WEEKDAYS, n=1)
            write = near[0] if near else "Monday, Tuesday … Sunday"
            told = f'"{word}" is no day of the week.'
            raise _pointing(text, word, told, f"Write {write}.")
        days.add(day)
    names = [WEEKDAYS[day] for day in sorted(days)]
    return f"weekly on {' and '.join(names)}", f"* * {','.join(n[:3].lower() for n in names)}"


def _weekday(word: str) -> int | None:
    """Return 0 (Monday) … 6 of a whole name, its plural or an abbreviation of three letters up."""
    stem = word.rstrip(".").removesuffix("days") + ("day" if word.endswith("days") else "")
    for day, name in enumerate(WEEKDAYS):
        if len(stem) >= 3 and name.lower().startswith(stem):
            return day
    return None


def _monthly(text: str, rest: str) -> tuple[str, str]:
    if rest in ("last", "the last", "last day", "the last day"):
        return "monthly on last", "last * *"
    found = _DAY_OF_MONTH.fullmatch(rest)
    if found and 1 <= int(found[1]) <= 28:
        return f"monthly on {int(found[1])}", f"{int(found[1])} * *"
    told = f'"{rest}" is no day of every month.'
    write = "Write a day from 1 to 28, or last: monthly on last at 9 am."
    raise _pointing(text, rest, told, write)


def _pointing(text: str, words: str, told: str, write: str) -> WhenError:
    """Return an error that points at the last place where `words` stand in `text`."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    found = [*re.finditer(pattern, text, re.IGNORECASE)][-1:] if pattern else []
    start, end = found[0].span() if found else (0, max(1, len(text)))
    return WhenError(told, hint=write, start=start, end=end)


def _without_time(text: str, words: str) -> WhenError:
    end = max(1, len(text))
    if not words:
        return WhenError("It is not said when.", hint=_ALL_FORMS, end=end)
    if words in _MEANT:
        return WhenError(_unknown(text), hint=f"Write: {_MEANT[words]}", end=end)
    try:
        clock = show_clock(parse_clock(text))
    except WhenError:
        pass
    else:
        forms = (f"{days} at {clock}" for days in ("daily", "weekdays", "weekly on Friday"))
        told = "A time alone does not say on which days."
        return WhenError(told, hint=f"Write one of: {' · '.join(forms)}", end=end)
    days = _SAME_DAYS.get(words, words)
    if words in _SAME_DAYS or words in _DAYS or words.startswith(("weekly on", "monthly on")):
        return WhenError("The time is missing.", hint=f"Write: {days} at 7:30 am", end=end)
    near = difflib.get_close_matches(words, _FORMS, n=1)
    hint = f"Did you mean: {near[0]}? {_ALL_FORMS}" if near else _ALL_FORMS
    return WhenError(_unknown(text), hint=hint, end=end)


def _wrong_days(text: str, words: str, times: str) -> WhenError:
    end = max(1, len(text))
    at = f" at {_likely_times(times)}"
    day = _weekday(words.removeprefix("every ").removeprefix("on "))
    if day is not None:
        return WhenError(_unknown(text), hint=f"Write: weekly on {WEEKDAYS[day]}{at}", end=end)
    if words in ("weekly", "monthly"):
        told = f'"{words}" does not say on which day.'
        return WhenError(told, hint=f"Write: {_SAME_DAYS[words]}{at}", end=end)
    near = difflib.get_close_matches(words, [*_DAYS, "weekly on Friday", "monthly on 1"], n=1)
    write = _SAME_DAYS.get(words) or (near[0] if near else None)
    return WhenError(_unknown(text), hint=f"Write: {write}{at}" if write else _ALL_FORMS, end=end)


def _likely_times(text: str) -> str:
    """Return times that can be read, for a suggestion: a bare 7 is 7 am, rubbish 7:30 am."""
    words = re.sub(r"(?<![\d:.])(\d{1,2})(?=\s*(?:,|&|and\b|$))", r"\1 am", text.strip())
    try:
        return " and ".join(map(show_clock, _times(words, 0)))
    except WhenError:
        return "7:30 am"


def _unknown(text: str) -> str:
    return f'"{" ".join(text.split())}" is not known here.'
