"""The working lock: one working process per database; the kernel or the server drops it at a kill.

SQLite: flock on `<database>.lock`, which also names the holder. PostgreSQL: an advisory lock on a
connection of its own. In memory: nobody else can come.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text

from alerts.clock import Clock
from alerts.errors import LockHeld, StoreError
from alerts.store.database import Database

#: "alerts" in ASCII: the advisory lock's number.
_ADVISORY_KEY = 0x616C65727473

_POLL_S = 0.2


@contextmanager
def working_lock(database: Database, clock: Clock, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock; LockHeld names the holder if it is not free within `wait_s`."""
    if database.path is not None:
        with _file_lock(database.path.with_name(f"{database.path.name}.lock"), clock, wait_s):
            yield
    elif database.is_sqlite:
        yield
    else:
        with _advisory_lock(database, clock, wait_s):
            yield


@contextmanager
def _file_lock(path: Path, clock: Clock, wait_s: float) -> Iterator[None]:
    try:
        file = path.open("a+")
    except OSError as error:
        raise StoreError(
            f"{path} cannot be opened: {error.strerror}.",
            hint="The folder of the database must be writable for the user that runs alerts.",
        ) from error
    with file:
        until = clock.monotonic() + wait_s
        while not _try_flock(file.fileno()):
            if clock.monotonic() >= until:
                raise LockHeld(_holder(path))
            clock.sleep(_POLL_S)
        _sign(file.fileno(), f"pid {os.getpid()} on {socket.gethostname()}")
        yield
        _sign(file.fileno(), "")


def _sign(descriptor: int, holder: str) -> None:
    """Name the holder; a full disk keeps the name out, not the lock."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, holder.encode())


def _try_flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> str:
    return path.read_text(errors="replace").strip() or "a process that does not say its name"


@contextmanager
def _advisory_lock(database: Database, clock: Clock, wait_s: float) -> Iterator[None]:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = f"alerts pid {os.getpid()} on {socket.gethostname()}"
        connection.execute(
            text("SELECT set_config('application_name', :name, false)"), {"name": name[:63]}
        )
        until = clock.monotonic() + wait_s
        take = text("SELECT pg_try_advisory_lock(:key)")
        while not connection.execute(take, {"key": _ADVISORY_KEY}).scalar():
            if clock.monotonic() >= until:
                holder = connection.execute(
                    text(
                        "SELECT application_name FROM pg_stat_activity a JOIN pg_locks l"
                        " ON l.pid = a.pid WHERE l.locktype = 'advisory' AND l.granted"
                        " AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
                    ),
                    {"key": _ADVISORY_KEY},
                ).scalar()
                raise LockHeld(str(holder or "a process that does not say its name"))
            clock.sleep(_POLL_S)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})
