"""What commands that mark rows begin with: the configuration and a database that exists.

They take no working lock: whoever works on this database finds the marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from alerts import settings
from alerts.cli.reading import reading
from alerts.errors import UsageError
from alerts.model import Config
from alerts.settings import Settings
from alerts.store.database import Database, open_database


class NothingYet(UsageError):
    """The service never ran here: there is nothing to mark."""

    def __init__(self) -> None:
        super().__init__(
            "There is no database yet: nothing was sent.", hint="Begin with: alerts once"
        )


@dataclass(frozen=True)
class Marking:
    """A configuration (the last good one, if the file has mistakes) and the open database."""

    settings: Settings
    config: Config
    database: Database

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction, committed at its end."""
        return self.database.write()


@contextmanager
def marking(path: Path | None) -> Iterator[Marking]:
    """Open what is there; NothingYet if the service never ran here.

    ConfigError and StoreError as `reading` says.
    """
    with reading(path) as opened:
        if opened.connection is None:
            raise NothingYet
        config = opened.config
    env = settings.load(path)
    database = open_database(env.database_url.reveal())
    try:
        yield Marking(env, config, database)
    finally:
        database.close()
