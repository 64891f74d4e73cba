"""What the headers of an answer say about time, read against the server's own clock.

Differences only: a server whose clock is a day off still means "an hour" by an hour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

MAX_RETRY_S = 7 * 86_400.0  # a longer wish is a mistake of the server
_MAX_AGE = re.compile(r"(?:^|[\s,;])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_NEVER_FRESH = re.compile(r"(?:^|[\s,;])no-(?:cache|store)\b", re.IGNORECASE)


def http_date(text: str | None) -> float | None:
    """Return the epoch seconds of an HTTP date, None if it is none."""
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def max_age_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return how long the answer stays fresh, its Age taken off; None if it does not say.

    The longer of max-age and Expires; s-maxage is meant for shared caches and ignored.
    """
    control = headers.get("cache-control", "")
    if _NEVER_FRESH.search(control):
        return None
    stated = [float(found[1]) for found in _MAX_AGE.finditer(control)]
    expires = http_date(headers.get("expires"))
    if expires is not None:
        stated.append(expires - (http_date(headers.get("date")) or now))
    left = max(stated, default=0.0) - _seconds(headers.get("age"))
    return left if left > 0 else None


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds the server asks to wait, at most 7 days; None if it does not say so."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return min(_seconds(value), MAX_RETRY_S)
    until = http_date(value)
    if until is None:
        return None
    wait_s = until - (http_date(headers.get("date")) or now)
    return min(wait_s, MAX_RETRY_S) if wait_s > 0 else None


def _seconds(text: str | None) -> float:
    """Return a count of seconds; more digits than a date can have are a very long time."""
    text = (text or "").strip()
    if not (text.isascii() and text.isdecimal()):
        return 0.0
    return float(text[:15])
