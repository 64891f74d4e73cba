"""Opening the database: SQLite by default, PostgreSQL by its URL; transactions and migrations.

SQLite runs in WAL with foreign keys and a busy time-out; a writing transaction begins IMMEDIATE,
so that two writers queue instead of failing half-way.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import StaticPool

from alerts.errors import StoreError
from alerts.masks import mask

#: How long a writer waits for another process's transaction.
BUSY_TIMEOUT_MS = 10_000

#: Every schema there ever was, oldest first: the revisions in `migrations/versions`.
REVISIONS = ("0001",)

_MIGRATIONS = "alerts.store:migrations"
_VERSION_TABLE = "alembic_version"


class Database:
    """One open database; threads share it."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self.engine = engine
        self.path = path  # None: in memory, or not SQLite
        # SQLite has one writer at a time anyway: threads queue here rather than in its busy loop.
        self._writer: Any = threading.RLock() if self.is_sqlite else _Open()
        # In memory there is one connection, so that readers wait their turn as well.
        self._reader: Any = self._writer if self.is_sqlite and path is None else _Open()
        self._mine = threading.local()  # `connection`: of a thread that is writing just now

    @property
    def is_sqlite(self) -> bool:
        """Whether it is SQLite (else PostgreSQL)."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write: committed at the end, rolled back by any exception.

        Within another of the same thread it is a part of that one, which it would wait for else.
        """
        if (outer := self._outer) is not None:
            yield outer
            return
        with self._writer, as_store_error(), self.engine.connect() as plain:
            connection = plain.execution_options(alerts_write=True)
            with connection.begin():
                self._mine.connection = connection
                try:
                    yield connection
                finally:
                    self._mine.connection = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view for reading; that of the thread's own transaction within one."""
        if (outer := self._outer) is not None:
            yield outer
            return
        with self._reader, as_store_error(), self.engine.begin() as connection:
            yield connection

    @property
    def _outer(self) -> Connection | None:
        return getattr(self._mine, "connection", None)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


class _Open:
    """A lock that never locks."""

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


@contextmanager
def as_store_error() -> Iterator[None]:
    """Say what the database cannot do as a StoreError."""
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError):
        raise  # a mistake of ours, not the database's state
    except (DBAPIError, NoConnectionFree) as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise StoreError(
            f"The database cannot be used: {mask(said)}.",
            hint="Check the disk, the permissions and DATABASE_URL.",
        ) from error


def open_database(url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Database:
    """Open `url` without touching its schema; StoreError if it cannot be reached."""
    try:
        parsed = make_url(_with_driver(url))
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(parsed.database, busy_timeout_ms)
        engine = create_engine(parsed, pool_pre_ping=True, pool_size=20)
        with engine.connect():
            pass
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        raise StoreError(
            f"DATABASE_URL cannot be used: {mask(str(error))}.",
            hint="Write sqlite:///alerts.db or postgresql://user:password@host/name"
            " (PostgreSQL needs the extra: pip install 'alerts[postgres]').",
        ) from error
    except SQLAlchemyError as error:
        raise StoreError(
            f"The database does not answer: {mask(str(getattr(error, 'orig', error)))}.",
            hint="Check DATABASE_URL and whether the server runs.",
        ) from error
    return Database(engine, None)


def _with_driver(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg{separator}{rest}"
    return url


def _open_sqlite(name: str | None, busy_timeout_ms: int) -> Database:
    in_memory = not name or name == ":memory:"
    engine = (
        create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        if in_memory
        else create_engine(f"sqlite:///{name}", pool_size=40, max_overflow=20)
    )
    event.listen(engine, "connect", partial(_prepare_sqlite, busy_timeout_ms))
    event.listen(engine, "begin", _begin_sqlite)
    path = None if in_memory else Path(str(name))
    if path is not None and not path.parent.is_dir():
        raise StoreError(
            f"The folder {path.parent} for the database does not exist.",
            hint="Make it, or set DATABASE_URL to another place.",
        )
    database = Database(engine, path)
    try:
        if path is not None and not path.exists():
            path.touch(mode=0o600)  # addresses and mails lie in it
        with engine.begin() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    except (SQLAlchemyError, OSError) as error:  # e.g. a file that is no database
        raise StoreError(
            f"{name} cannot be used as a database: {getattr(error, 'orig', error)}.",
            hint="Set DATABASE_URL to another file, or restore a backup.",
        ) from error
    return database


def _prepare_sqlite(busy_timeout_ms: int, connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we begin ourselves, see _begin_sqlite
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={busy_timeout_ms}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("alerts_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


# --- schema ------------------------------------------------------------------------------------


def schema_revision(database: Database) -> str | None:
    """Return the revision the database has; None: it has no tables yet."""
    with database.read() as connection:
        if not inspect(connection).has_table(_VERSION_TABLE):
            return None
        query = f"SELECT version_num FROM {_VERSION_TABLE}"  # noqa: S608 - a constant
        return connection.exec_driver_sql(query).scalar()


def is_current(database: Database) -> bool:
    """Whether the database has this version's schema; StoreError if it has a newer one."""
    revision = schema_revision(database)
    if revision is not None and revision not in REVISIONS:
        raise StoreError(
            f"The database was made by a newer version of alerts (schema {revision}).",
            hint="Install that version, or restore the backup made before the upgrade.",
        )
    return revision == REVISIONS[-1]


def migrate(database: Database) -> str | None:
    """Bring the schema to this version; return the revision it had before, None for a new one."""
    before = schema_revision(database)
    if is_current(database):
        return before
    if before is not None and database.path is not None:
        name = f"{database.path.name}.before-{REVISIONS[-1]}"
        back_up(database, database.path.with_name(name))
    # alembic costs 0.3 s, and only a change of the schema needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before


def back_up(database: Database, target: Path) -> None:
    """Copy a SQLite database while it is in use."""
    if database.path is None:
        raise StoreError("Only a SQLite file can be copied.", hint="Use pg_dump for PostgreSQL.")
    source, copy = sqlite3.connect(database.path), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
