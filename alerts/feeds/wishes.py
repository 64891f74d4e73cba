"""How often a document itself wants to be asked for: <ttl>, <skipHours> and <skipDays> of RSS.

`sy:updatePeriod` is not read: WordPress writes it into every feed, whatever the site does.
"""

from __future__ import annotations

import re

from alerts.model import Wishes

_ITEM = re.compile(r"<(?:item|entry)[\s>]", re.IGNORECASE)
_SKIPS = {
    name: re.compile(rf"<skip{name}s\s*>(.{{0,2000}}?)</skip{name}s\s*>", re.IGNORECASE | re.DOTALL)
    for name in ("Hour", "Day")
}
_VALUE = re.compile(r">\s*(\w{1,9})\s*</(?:hour|day)\s*>", re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = {str(hour): hour % 24 for hour in range(25)} | {f"0{hour}": hour for hour in range(10)}
_MAX_TTL_MIN = 100_000


def read(text: str, ttl: object) -> Wishes:
    """Return the wishes of a document; `ttl` is what stands in its channel's <ttl>."""
    about = _without_items(text)
    days = {day: number for number, day in enumerate(_DAYS)}
    return Wishes(_ttl_s(ttl), _values(about, "Hour", _HOURS), _values(about, "Day", days))


def _without_items(text: str) -> str:
    """Return what the document says of itself: an article may be about feeds."""
    first = _ITEM.search(text)
    if first is None:
        return text
    last = max(text.rfind("</item"), text.rfind("</entry"), first.start())
    return text[: first.start()] + text[last:]


def _values(text: str, name: str, known: dict[str, int]) -> tuple[int, ...]:
    block = _SKIPS[name].search(text)
    words = _VALUE.findall(block[1]) if block else ()
    return tuple(sorted({known[word.lower()] for word in words if word.lower() in known}))


def _ttl_s(value: object) -> float | None:
    """Return <ttl> (whole minutes) in seconds."""
    text = value.strip() if isinstance(value, str) else ""
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(int(text[:9]), _MAX_TTL_MIN) * 60.0 or None
