"""Moments as readers read them: "today 6:12 am", "Mon 11:20 am", "Tuesday, November 24, 7:30 am".

The one module that turns a time into words. It knows the reader's zone and the moment of reading;
it reads no clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
#: Further away than this a weekday alone would be read as the wrong one.
_WEEK = 6


@dataclass(frozen=True, slots=True)
class Dates:
    """The words for moments, seen from `now` in `zone`; all moments are UTC epoch seconds."""

    zone: ZoneInfo
    now: float

    def clock(self, at: float) -> str:
        """Return "7:30 am"."""
        local = self._local(at)
        return f"{local.hour % 12 or 12}:{local.minute:02} {'am' if local.hour < 12 else 'pm'}"

    def near(self, at: float) -> str:
        """Return "today 6:12 am", "Mon 11:20 am", "Nov 3, 11:20 am" or "Nov 3, 2025"."""
        local = self._local(at)
        days = self._days_ago(local)
        if days == 0:
            return f"today {self.clock(at)}"
        if abs(days) <= _WEEK:
            return f"{_DAYS[local.weekday()][:3]} {self.clock(at)}"
        day = f"{_MONTHS[local.month - 1][:3]} {local.day}"
        same_year = local.year == self._local(self.now).year
        return f"{day}, {self.clock(at)}" if same_year else f"{day}, {local.year}"

    def nearest(self, at: float) -> str:
        """Return the same for lines without room: "6:12 am" for today."""
        return self.clock(at) if self.is_today(at) else self.near(at)

    def day(self, at: float) -> str:
        """Return "Monday 7:30 am", "today 7:30 am"; beyond a week "November 3, 7:30 am"."""
        local = self._local(at)
        if self.is_today(at):
            return self.near(at)
        if abs(self._days_ago(local)) <= _WEEK:
            return f"{_DAYS[local.weekday()]} {self.clock(at)}"
        year = "" if local.year == self._local(self.now).year else f", {local.year}"
        return f"{_MONTHS[local.month - 1]} {local.day}{year}, {self.clock(at)}"

    def full(self, at: float) -> str:
        """Return "Tuesday, November 24, 7:30 am"."""
        local = self._local(at)
        month = _MONTHS[local.month - 1]
        return f"{_DAYS[local.weekday()]}, {month} {local.day}, {self.clock(at)}"

    def short(self, at: float) -> str:
        """Return "Tue Nov 24, 7:30 am"."""
        local = self._local(at)
        month = _MONTHS[local.month - 1][:3]
        return f"{_DAYS[local.weekday()][:3]} {month} {local.day}, {self.clock(at)}"

    def weekday(self, at: float) -> str:
        """Return "Tuesday"."""
        return _DAYS[self._local(at).weekday()]

    def is_today(self, at: float) -> bool:
        """Whether the moment lies on the reader's day."""
        return self._days_ago(self._local(at)) == 0

    def _days_ago(self, local: dt.datetime) -> int:
        return (self._local(self.now).date() - local.date()).days

    def _local(self, at: float) -> dt.datetime:
        """Return the local time; a time outside the calendar is shown as its nearest end."""
        bounded = min(max(at, 0.0), 253_370_764_800.0)  # 1970 … year 9999
        return dt.datetime.fromtimestamp(bounded, self.zone)
