"""Whether the service keeps up: what `/healthz` says to whoever watches it from outside."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Protocol

from alerts.clock import Clock
from alerts.errors import StoreError
from alerts.store import deliveries, figures
from alerts.store.database import Database

#: What is due may be this late.
MAX_LATE_S = 300.0

#: The tick comes every second; this long without one means that it hangs.
MAX_TICK_LAG_S = 30.0

#: With less free space polls and sends begin to fail.
MIN_FREE_BYTES = 200_000_000


class Beats(Protocol):
    """What the tick of a running service writes down (`engine.embedded.Pulse`)."""

    @property
    def ticked_at(self) -> float: ...  # noqa: D102 - by the monotonic clock
    @property
    def failing(self) -> str: ...  # noqa: D102


def disk_of(database: Database) -> Path:
    """Return a folder on the disk that the database fills."""
    path = database.path
    return path.parent if path is not None else Path()


def health(
    database: Database, clock: Clock, pulse: Beats | None, path: Path
) -> tuple[bool, dict[str, Any]]:
    """Return whether all is well, and the facts as a JSON-ready mapping.

    `pulse` is None where nothing ticks in this process (`alerts web`); `path` is a folder on the
    disk whose free space matters.
    """
    now = clock.now()
    problems: list[str] = []
    late_s = _late_s(database, now, problems)
    lag_s = _lag_s(pulse, clock.monotonic(), problems)
    free = shutil.disk_usage(path).free
    if free < MIN_FREE_BYTES:
        problems.append(f"Only {free // 1_000_000} MB are free on the disk.")
    facts = {
        "ok": not problems,
        "problems": problems,
        "oldest_due_seconds": late_s,
        "tick_lag_seconds": lag_s,
        "disk_free_bytes": free,
    }
    return not problems, facts


def _late_s(database: Database, now: float, problems: list[str]) -> float | None:
    try:
        with database.read() as connection:
            late_s = figures.oldest_due_s(connection, now)
            gate = deliveries.gate_of(connection, f"{deliveries.SERVER}email")
    except StoreError:
        problems.append("The database cannot be used.")
        return None
    if late_s > MAX_LATE_S:
        problems.append(f"What was due {late_s / 60:.0f} minutes ago is not done yet.")
    if gate is not None and gate.since is not None and now - gate.since > MAX_LATE_S:
        silent = (now - gate.since) / 60
        problems.append(f"The mail server has taken no mail for {silent:.0f} minutes.")
    return round(late_s, 3)


def _lag_s(pulse: Beats | None, now: float, problems: list[str]) -> float | None:
    if pulse is None:
        return None
    lag_s = max(0.0, now - pulse.ticked_at)
    if lag_s > MAX_TICK_LAG_S:
        problems.append(f"The service has not looked for work for {lag_s:.0f} seconds.")
    if pulse.failing:
        problems.append("The last look for work failed; the log says why.")
    return round(lag_s, 3)
