"""The working lock: one working process per database; the kernel or the server drops it at a kill.

SQLite: flock on `<database>.lock`, which also names the holder. PostgreSQL: an advisory lock on a
connection of its own, which ends with the server: who works for long asks `keep` for it again. In
memory: nobody else can come.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from alerts.clock import Clock
from alerts.errors import LockHeld, StoreError
from alerts.store.database import Database, as_store_error

#: "alerts" in ASCII: the advisory lock's number.
ADVISORY_KEY = 0x616C65727473

_POLL_S = 0.2

#: Who took the lock writes its name within this time, unless it cannot.
_SIGN_S = 1.0

_NAMELESS = "a process that does not say its name"


#: Makes sure that the lock is still ours, and takes it again if the server lost it. LockHeld if
#: another process has it by now; StoreError if the server does not answer.
Keep = Callable[[], None]


@contextmanager
def working_lock(database: Database, clock: Clock, *, wait_s: float = 0.0) -> Iterator[Keep]:
    """Hold the lock; LockHeld names the holder if it is not free within `wait_s`."""
    if database.path is not None:
        with _file_lock(database.path.with_name(f"{database.path.name}.lock"), clock, wait_s):
            yield _nothing_to_do
    elif database.is_sqlite:
        yield _nothing_to_do
    else:
        lock = _AdvisoryLock(database)
        try:
            lock.take(clock, wait_s)
            yield lock.keep
        finally:
            lock.release()


def _nothing_to_do() -> None:
    """Keep a lock that nobody can lose."""


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
            late_s = clock.monotonic() - until
            holder = path.read_text(errors="replace").strip()
            if late_s >= 0 and (holder or late_s >= _SIGN_S):
                raise LockHeld(holder or _NAMELESS)
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


class _AdvisoryLock:
    """A lock of the server's, on one connection that does nothing else."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def take(self, clock: Clock, wait_s: float) -> None:
        until = clock.monotonic() + wait_s
        with as_store_error():
            self._connection = connection = self._connect()
            while not _try_advisory(connection):
                if clock.monotonic() >= until:
                    raise LockHeld(_advisory_holder(connection))
                clock.sleep(_POLL_S)

    def keep(self) -> None:
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
                return
            except SQLAlchemyError:
                self.release()
        with as_store_error():
            connection = self._connect()
            if not _try_advisory(connection):
                holder = _advisory_holder(connection)
                connection.close()
                raise LockHeld(holder)
        self._connection = connection

    def release(self) -> None:
        """Give the lock back and end its connection, which the server may notice later."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_KEY})
            with suppress(SQLAlchemyError):
                connection.invalidate()
                connection.close()

    def _connect(self) -> Connection:
        connection = self._database.engine.connect()
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        name = f"alerts pid {os.getpid()} on {socket.gethostname()}"
        connection.execute(
            text("SELECT set_config('application_name', :name, false)"), {"name": name[:63]}
        )
        return connection


def _try_advisory(connection: Connection) -> bool:
    take = text("SELECT pg_try_advisory_lock(:key)")
    return bool(connection.execute(take, {"key": ADVISORY_KEY}).scalar())


def _advisory_holder(connection: Connection) -> str:
    holder = connection.execute(
        text(
            "SELECT application_name FROM pg_stat_activity a JOIN pg_locks l"
            " ON l.pid = a.pid WHERE l.locktype = 'advisory' AND l.granted"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
        ),
        {"key": ADVISORY_KEY},
    ).scalar()
    return str(holder or _NAMELESS)
