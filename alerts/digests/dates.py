"""Moments as readers read them: "today 6:12 am", "Mon 11:20 am", "Tuesday, November 24, 7:30 am".

The one module that turns a time into words. It knows the reader's language and zone and the moment
of reading; it reads no clock. Other languages' words and their order are the catalogue's matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from alerts.digests.words import N_, translations

DAYS = (
    *(N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday")),
    *(N_("Friday"), N_("Saturday"), N_("Sunday")),
)
_SHORT_DAYS = (
    *(N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu")),
    *(N_("Fri"), N_("Sat"), N_("Sun")),
)
_MONTHS = (
    *(N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June")),
    *(N_("July"), N_("August"), N_("September"), N_("October"), N_("November"), N_("December")),
)
_SHORT_MONTHS = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May "), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)
#: Further away than this a weekday alone would be read as the wrong one.
_WEEK = 6


@dataclass(frozen=True, slots=True)
class Dates:
    """The words for moments, seen from `now` in `zone`; all moments are UTC epoch seconds."""

    zone: ZoneInfo
    now: float
    language: str = "en"

    def clock(self, at: float) -> str:
        """Return "7:30 am"."""
        local = self._local(at)
        return clock(local.hour, local.minute, self.language)

    def near(self, at: float) -> str:
        """Return "today 6:12 am", "Mon 11:20 am", "Nov 3, 11:20 am" or "Nov 3, 2025"."""
        local = self._local(at)
        days = self._days_ago(local)
        if days == 0:
            return self._t("today %(clock)s") % self._words(at)
        if abs(days) <= _WEEK:
            return self._t("%(short_weekday)s %(clock)s") % self._words(at)
        if self._is_this_year(local):
            return self._t("%(short_month)s %(day)s, %(clock)s") % self._words(at)
        return self._t("%(short_month)s %(day)s, %(year)s") % self._words(at)

    def nearest(self, at: float) -> str:
        """Return the same for lines without room: "6:12 am" for today."""
        return self.clock(at) if self.is_today(at) else self.near(at)

    def beside(self, at: float, other: float) -> str:
        """Return a moment told after another: "6:12 am" on the same day, else as `near`."""
        same_day = self._local(at).date() == self._local(other).date()
        return self.clock(at) if same_day else self.near(at)

    def day(self, at: float) -> str:
        """Return "Monday 7:30 am", "today 7:30 am"; beyond a week "November 3, 7:30 am"."""
        local = self._local(at)
        if self.is_today(at):
            return self.near(at)
        if abs(self._days_ago(local)) <= _WEEK:
            return self._t("%(weekday)s %(clock)s") % self._words(at)
        if self._is_this_year(local):
            return self._t("%(month)s %(day)s, %(clock)s") % self._words(at)
        return self._t("%(month)s %(day)s, %(year)s, %(clock)s") % self._words(at)

    def since(self, at: float, *, short: bool = False) -> str:
        """Return "since Monday 7:30 am", or short: "since Mon 7:30 am"."""
        local = self._local(at)
        if short:
            return self._t("since %(when)s") % {"when": self.near(at)}
        if self.is_today(at):
            return self._t("since today %(clock)s") % self._words(at)
        if abs(self._days_ago(local)) <= _WEEK:
            return self._t("since %(weekday)s %(clock)s") % self._words(at)
        if self._is_this_year(local):
            return self._t("since %(month)s %(day)s, %(clock)s") % self._words(at)
        return self._t("since %(month)s %(day)s, %(year)s, %(clock)s") % self._words(at)

    def full(self, at: float) -> str:
        """Return "Tuesday, November 24, 7:30 am"."""
        return self._t("%(weekday)s, %(month)s %(day)s, %(clock)s") % self._words(at)

    def short(self, at: float) -> str:
        """Return "Tue Nov 24, 7:30 am"."""
        pattern = self._t("%(short_weekday)s %(short_month)s %(day)s, %(clock)s")
        return pattern % self._words(at)

    def weekday(self, at: float) -> str:
        """Return "Tuesday"."""
        return self._t(DAYS[self._local(at).weekday()])

    def is_today(self, at: float) -> bool:
        """Whether the moment lies on the reader's day."""
        return self._days_ago(self._local(at)) == 0

    @property
    def today(self) -> dt.date:
        """The reader's day."""
        return self._local(self.now).date()

    def _days_ago(self, local: dt.datetime) -> int:
        return (self.today - local.date()).days

    def _is_this_year(self, local: dt.datetime) -> bool:
        return local.year == self.today.year

    def _words(self, at: float) -> Mapping[str, object]:
        return _words(at, self.zone, self.language)

    def _t(self, message: str) -> str:
        return translations(self.language).gettext(message)

    def _local(self, at: float) -> dt.datetime:
        return _local(at, self.zone)


def _local(at: float, zone: ZoneInfo) -> dt.datetime:
    """Return the local time; a time outside the calendar is shown as its nearest end."""
    bounded = min(max(at, 0.0), 253_370_764_800.0)  # 1970 … year 9999
    return dt.datetime.fromtimestamp(bounded, zone)


@lru_cache(maxsize=1_024)  # one slot's moments are told to all its readers
def _words(at: float, zone: ZoneInfo, language: str) -> Mapping[str, object]:
    """Return the words that a moment may be told with."""
    local, _ = _local(at, zone), translations(language).gettext
    return {
        "weekday": _(DAYS[local.weekday()]),
        "short_weekday": _(_SHORT_DAYS[local.weekday()]),
        "month": _(_MONTHS[local.month - 1]),
        "short_month": _(_SHORT_MONTHS[local.month - 1]).strip(),
        "day": local.day,
        "year": local.year,
        "clock": clock(local.hour, local.minute, language),
        "at_clock": at_clock(local.hour, local.minute, language),
    }


def clock(hour: int, minute: int, language: str) -> str:
    """Return "7:30 am", as readers of `language` write it."""
    _ = translations(language).gettext
    half = _("am") if hour < 12 else _("pm")
    return f"{hour % 12 or 12}:{minute:02} {half}"


def at_clock(hour: int, minute: int, language: str) -> str:
    """Return "at 7:30 am"; the word before it depends on the hour in Spanish."""
    words = translations(language).ngettext("at %(clock)s", "at %(clock)s ", hour % 12 or 12)
    return words.rstrip() % {"clock": clock(hour, minute, language)}
