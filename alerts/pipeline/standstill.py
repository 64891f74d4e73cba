"""When the service last stood still: what it then did not tell in time is late, and says so.

A working service notes every minute, and each pass at its end, that it works.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from alerts.store import configs

#: Without a sign of life for so long it stood still; passes of cron may be this far apart.
_SILENCE_S = 900.0

_PULSE, _LAST = "pulse", "standstill"


@dataclass(frozen=True, slots=True)
class Standstill:
    """A stretch of time in which nothing was done."""

    since: float
    until: float


def note(connection: Connection, now: float) -> None:
    """Note that the service works."""
    found = _present(connection, now)
    if found is not None:
        configs.keep(connection, _LAST, f"{found.since} {found.until}")
    configs.keep(connection, _PULSE, str(now))


def last(connection: Connection, now: float) -> Standstill | None:
    """Return the last one, if there was any."""
    found = _present(connection, now)
    kept = configs.value(connection, _LAST)
    if found is None and kept is not None:
        since, until = map(float, kept.split())
        return Standstill(since, until)
    return found


def _present(connection: Connection, now: float) -> Standstill | None:
    """Return the one that ends now, with the first work after it."""
    pulse = configs.value(connection, _PULSE)
    if pulse is None or now - float(pulse) <= _SILENCE_S:
        return None
    return Standstill(float(pulse), now)
