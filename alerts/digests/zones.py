"""Time zone names: which are taken, and what to suggest for the ones people write instead."""

from __future__ import annotations

import difflib
import re
import zoneinfo
from functools import cache

from alerts.digests.times import WhenError

#: What people write -> the zone they most likely mean.
_MEANT = {
    "central": "America/Chicago",
    "ct": "America/Chicago",
    "cst": "America/Chicago",
    "cdt": "America/Chicago",
    "wisconsin": "America/Chicago",
    "madison": "America/Chicago",
    "milwaukee": "America/Chicago",
    "eastern": "America/New_York",
    "et": "America/New_York",
    "est": "America/New_York",
    "edt": "America/New_York",
    "mountain": "America/Denver",
    "mt": "America/Denver",
    "mst": "America/Denver",
    "mdt": "America/Denver",
    "arizona": "America/Phoenix",
    "pacific": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "alaska": "America/Anchorage",
    "akst": "America/Anchorage",
    "akdt": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "hst": "Pacific/Honolulu",
    "ast": "America/Puerto_Rico",
    "puerto rico": "America/Puerto_Rico",
    "bst": "Europe/London",
    "wet": "Europe/Lisbon",
    "cet": "Europe/Berlin",
    "cest": "Europe/Berlin",
    "met": "Europe/Berlin",
    "eet": "Europe/Athens",
    "z": "UTC",
    "zulu": "UTC",
    "gmt": "UTC",
}
#: How the tz database spells a place.
_PLACE = re.compile(
    r"(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific)(?:/[A-Z][\w-]+)+",
    re.ASCII,
)
_EVERYDAY = ("America/Chicago", "America/New_York", "Europe/Madrid")


def parse_timezone(text: str) -> str:
    """Return the zone's name as the tz database spells it; WhenError with a suggestion if none."""
    word = " ".join(text.split())
    if word == "UTC" or _is_place(word):
        return word
    key = word.lower()
    if key not in _MEANT:
        found = _by_folded_name().get(key.replace(" ", "_"))
        if found:
            return found
    raise WhenError(
        "Not a time zone name." if word else "A time zone is missing.",
        hint=_suggestion(word),
        start=len(text) - len(text.lstrip()) if word else 0,
        end=len(text.rstrip()),
    )


def _is_place(name: str) -> bool:
    """Whether a zone is written as the tz database has it; the list of all takes 25 ms."""
    if not _PLACE.fullmatch(name):
        return False
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@cache
def _by_folded_name() -> dict[str, str]:
    return {name.lower(): name for name in zoneinfo.available_timezones()}


def _suggestion(word: str) -> str:
    key = re.sub(r"\s+(standard|daylight|summer)?\s*(time)?$", "", word.lower())
    meant = _MEANT.get(key) or _MEANT.get(key.removeprefix("us ").removeprefix("us/"))
    if meant:
        return f"Did you mean {meant}?{_why_not(word)}"
    if re.match(r"(utc|gmt)?\s*[+-−]\s*\d", key):
        zones = ", ".join(_EVERYDAY)
        return f"An offset knows no summer time. Write the zone's name, for example {zones}."
    near = _near(key)
    if near:
        return f"Did you mean {near}?"
    return f"Write continent and city, for example {', '.join(_EVERYDAY)} or UTC."


def _why_not(word: str) -> str:
    """Return why an abbreviation is refused although clocks show it."""
    if not re.fullmatch(r"[A-Za-z]{1,3}ST", word, re.IGNORECASE) or word.upper() in ("HST", "BST"):
        return ""
    return f' ("{word}" has no summer time: mails would come an hour late from March on.)'


def _near(key: str) -> str | None:
    names = _by_folded_name()
    city = key.rpartition("/")[2].replace(" ", "_")
    cities = {
        name.rpartition("/")[2]: name for name in names if name.count("/") and "etc/" not in name
    }
    for wanted, pool in ((city, cities), (key.replace(" ", "_"), {n: n for n in names})):
        close = difflib.get_close_matches(wanted, pool, n=1, cutoff=0.8)
        if close:
            return names[pool[close[0]]]
    return None
