"""Which process does the work of a database just now, asked from outside; takes nothing."""

from __future__ import annotations

import fcntl
import os
import re
import socket
from pathlib import Path

from sqlalchemy import text

from alerts.store.database import Database
from alerts.store.lock import ADVISORY_KEY

_SIGNED = re.compile(r"pid (\d+) on (.+)")

_ADVISORY_HOLDER = text(
    "SELECT coalesce(nullif(a.application_name, ''), 'a process without a name')"
    " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
)


def holder(database: Database) -> str | None:
    """Return "pid 4711 on host" of who holds the working lock; None if nobody does."""
    if database.path is not None:
        return _signed(database.path.with_name(f"{database.path.name}.lock"))
    if database.is_sqlite:
        return None
    with database.read() as connection:
        name = connection.execute(_ADVISORY_HOLDER, {"key": ADVISORY_KEY}).scalar()
    return str(name).removeprefix("alerts ") if name is not None else None


def _signed(path: Path) -> str | None:
    """Return who signed the lock file, if that process still holds it.

    A killed one leaves its name. Whether a living process of that number is the same one shows the
    lock itself; it is tried only then, and shared, so that a service that starts is not in its way.
    """
    try:
        with path.open("rb") as file:
            name = file.read(200).decode(errors="replace").strip()
            signed = _SIGNED.fullmatch(name)
            if signed is None:
                return name or None
            if signed[2] != socket.gethostname():
                return name
            return name if _lives(int(signed[1])) and _is_locked(file.fileno()) else None
    except FileNotFoundError:
        return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
