"""When the service last stood still: what it then did not tell in time is late, and says so.

A working service notes every minute, and each pass at its end, that it works. Passes that are hours
apart by plan are no standstill: only a silence longer than usual is.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from alerts.store import configs

#: Without a sign of life for so long, and for twice as long as the time before, it stood still.
_SILENCE_S = 900.0
_TIMES = 2

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
    pulse = configs.value(connection, _PULSE)
    usual_s = max(0.0, now - _pair(pulse)[0]) if pulse is not None else float("inf")
    configs.keep(connection, _PULSE, f"{now} {usual_s}")


def ends_at(connection: Connection, now: float) -> bool:
    """Whether it stood still until now: nothing was done since, nor noted."""
    return _present(connection, now) is not None


def last(connection: Connection, now: float) -> Standstill | None:
    """Return the last one, if there was any."""
    found = _present(connection, now)
    kept = configs.value(connection, _LAST)
    if found is None and kept is not None:
        return Standstill(*_pair(kept))
    return found


def _present(connection: Connection, now: float) -> Standstill | None:
    """Return the one that ends now, with the first work after it."""
    pulse = configs.value(connection, _PULSE)
    if pulse is None:
        return None
    worked_at, usual_s = _pair(pulse)
    is_still = now - worked_at > max(_SILENCE_S, _TIMES * usual_s)
    return Standstill(worked_at, now) if is_still else None


def _pair(text: str) -> tuple[float, float]:
    one, other = text.split()
    return float(one), float(other)
