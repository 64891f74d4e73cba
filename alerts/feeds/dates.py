"""Which dates of a feed are believed: a wrong one is worse than none.

Dates order and describe; they never decide what is new.
"""

from __future__ import annotations

import calendar
import datetime as dt
import time
from email.utils import parsedate_to_datetime

#: Feeds stamp "no date" as 1970, 1899 or year -1; nothing on the web is older than this.
_EARLIEST = 631_152_000.0  # 1990-01-01
MAX_SHOWN_CHARS = 60  # of a date that cannot be read
_FUTURE_S = 900.0  # clocks differ by minutes; a date further ahead is a mistake or a trick


def believed(moment: float | None, now: float) -> float | None:
    """Return `moment` (epoch seconds) if it can be a publication date, else None: "first seen"."""
    if moment is None or not _EARLIEST <= moment <= now + _FUTURE_S:
        return None
    return moment


def is_blank(text: str) -> bool:
    """Whether a date is what software writes for none: year 0 or -1, which parsers take for 2001.

    An empty text is not blank in this sense: some formats give the moment without its text.
    """
    return text.startswith(("-", "0000", "0001"))


def of_struct(parsed: time.struct_time | None) -> float | None:
    """Return the epoch seconds of a UTC time tuple as feedparser makes it."""
    if parsed is None:
        return None
    try:
        return float(calendar.timegm(parsed))
    except (ValueError, OverflowError, TypeError):
        return None


def of_text(text: object) -> float | None:
    """Return the epoch seconds of RFC 3339 or RFC 5322 text (UTC if no zone is named)."""
    if not isinstance(text, str):
        return None
    for read in (dt.datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=dt.UTC)
            return moment.timestamp()
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
