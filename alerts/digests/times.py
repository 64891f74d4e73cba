"""Times of day, daily windows and moments, as people write them in subscribers.yaml.

Owns the words "7:30 am", "10 pm to 6 am" and "2026-12-01 7:30 am"; which days is `when`'s matter.
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from alerts.errors import GrammarError
from alerts.model import Window

DAY_MIN = 24 * 60

_CLOCK = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>a\.?\s?m\.?|p\.?\s?m\.?)?", re.IGNORECASE
)
_NAMED_MIN = {"noon": 12 * 60, "midday": 12 * 60, "midnight": 0}
_RANGE = re.compile(r"\s+(?:to|until)\s+|\s*(?:-|–|—)\s*", re.IGNORECASE)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)


class WhenError(GrammarError):
    """A time, window, zone or cadence that cannot be read."""


def parse_clock(text: str, *, at: int = 0) -> int:
    """Return the minutes since midnight of "7:30 am", "5 pm", "17:30", "noon" or "midnight".

    `at` is where `text` begins in the string of the configuration. Raises WhenError.
    """
    word = text.strip()
    at += len(text) - len(text.lstrip()) if word else 0
    named = _NAMED_MIN.get(word.lower())
    if named is not None:
        return named
    found = _CLOCK.fullmatch(word)
    if not found:
        raise _wrong_clock(word, at)
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if not half and found["minute"] is None:
        raise _bare_hour(word, hour, at)
    if minute > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        raise _wrong_clock(word, at)
    if half:
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    return hour * 60 + minute


def _bare_hour(word: str, hour: int, at: int) -> WhenError:
    if 1 <= hour <= 12:
        told = f'"{word}" alone may be morning or evening.'
        write = f"Write {hour} am or {hour} pm."
    else:
        told, write = f'"{word}" is no time of day.', "Write for example 7:30 am, 5 pm or 17:30."
    return WhenError(told, hint=write, start=at, end=at + len(word))


def _wrong_clock(word: str, at: int) -> WhenError:
    found = _CLOCK.fullmatch(word.replace(".", ":", 1) if re.match(r"\d+\.\d", word) else word)
    write = "Write for example 7:30 am, 5 pm or 17:30."
    if found:
        hour, minute = int(found["hour"]), int(found["minute"] or 0)
        if hour == 24 and minute == 0:
            write = "Write midnight (or 0:00)."
        elif hour <= 23 and minute <= 59:
            write = f"Write {show_clock(hour * 60 + minute)}."
            if found["half"] and 1 <= hour <= 12:
                write = f"Write {hour}:{minute:02} {found['half'][0].lower()}m."
    told = f'"{word}" is no time of day.' if word else "A time of day is missing."
    return WhenError(told, hint=write, start=at, end=at + len(word))


def show_clock(minutes: int) -> str:
    """Return the canonical words: "7:30 am", "5 pm", "noon", "midnight"."""
    for name in ("noon", "midnight"):
        if _NAMED_MIN[name] == minutes:
            return name
    hour, minute = divmod(minutes, 60)
    shown = f"{hour % 12 or 12}" + (f":{minute:02}" if minute else "")
    return f"{shown} {'am' if hour < 12 else 'pm'}"


def parse_window(text: str) -> Window:
    """Read "10 pm to 6 am" or "22:00-6:00"; the end is no part of it. Raises WhenError."""
    bounds = list(_RANGE.finditer(text))
    if len(bounds) != 1 or not text[: bounds[0].start()].strip():
        raise _no_window(text)
    gap = bounds[0]
    start = parse_clock(text[: gap.start()])
    end = (
        parse_clock(text[gap.end() :], at=gap.end()) if text[gap.end() :].strip() != "24:00" else 0
    )
    if start == end:
        raise WhenError(
            "This window begins and ends at the same time.",
            hint="Write two different times, for example 10 pm to 6 am.",
            end=len(text),
        )
    return Window(start, end, f"{show_clock(start)} to {show_clock(end)}")


def _no_window(text: str) -> WhenError:
    word = text.strip()
    told = f'"{word}" is not a stretch of the day.' if word else "A stretch of the day is missing."
    if re.fullmatch(r"\d+(\.\d+)?\s*(h|hours?|m|min|minutes?|d|days?)", word, re.IGNORECASE):
        told = f'"{word}" says how long, not from when to when.'
    return WhenError(
        told, hint="Write two times, for example 10 pm to 6 am.", end=max(1, len(text))
    )


def parse_date_or_time(text: str, timezone: str) -> float:
    """Return the epoch seconds of "2026-12-01" (its first moment) or "2026-12-01 7:30 am".

    Also "December 1, 2026", "1 December 2026" and RFC 3339 with an offset. `timezone` is a valid
    zone name. Raises WhenError.
    """
    word = text.strip()
    exact = _rfc3339(word)
    if exact is not None:
        return exact
    day, rest = _date(word)
    clock = re.sub(r"^(?:\s*,)?\s*(?:at\s|T)?\s*", "", rest, flags=re.IGNORECASE)
    clock = re.sub(r"^(\d{1,2}:\d{2}):\d{2}$", r"\1", clock)
    minutes = parse_clock(clock, at=text.index(rest) if rest else 0) if clock else 0
    local = dt.datetime.combine(day, dt.time(minutes // 60, minutes % 60))
    return local.replace(tzinfo=ZoneInfo(timezone)).timestamp()


def _rfc3339(word: str) -> float | None:
    try:
        read = dt.datetime.fromisoformat(word)
    except ValueError:
        return None
    return read.timestamp() if read.tzinfo else None


_DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)"),
    re.compile(
        r"(?P<name>[a-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})", re.I
    ),
    re.compile(
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?P<name>[a-z]{3,9})\.?,?\s+(?P<year>\d{4})", re.I
    ),
)


def _date(word: str) -> tuple[dt.date, str]:
    """Return the date at the beginning of `word` and what follows it."""
    for shape in _DATES:
        found = shape.match(word)
        if not found:
            continue
        parts = found.groupdict()
        month = int(parts["month"]) if "month" in parts else _month(parts["name"])
        try:
            return dt.date(int(parts["year"]), month, int(parts["day"])), word[found.end() :]
        except ValueError:
            told = f'There is no day "{found[0]}" in the calendar.'
            raise WhenError(told, hint="Write it as 2026-12-01.", end=found.end()) from None
    told = f'"{word}" is not a date.' if word else "A date is missing."
    if re.match(r"\d{1,2}[/.]\d{1,2}", word):
        told = f'"{word}" may name two different days.'
    raise WhenError(told, hint="Write year, month, day: 2026-12-01.", end=max(1, len(word)))


def _month(name: str) -> int:
    """Return 1 … 12, or 0 (which no date accepts)."""
    short = name.lower()
    starts = [i for i, month in enumerate(_MONTHS, 1) if month.startswith(short)]
    return starts[0] if len(starts) == 1 or short == "sept" else 0
