"""A migrated database for these tests: a SQLite file, and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import emptied, postgres_server

from alerts.store.database import Database, migrate, open_database

__all__ = ["postgres_server"]


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = open_database(f"sqlite:///{tmp_path}/alerts.db")
    else:
        opened = open_database(emptied(request.getfixturevalue("postgres_server")))
    migrate(opened)
    yield opened
    opened.close()
