"""The site of these tests, as a fixture; `site_on_both` on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from postgres import emptied, postgres_server
from web_world import Site

__all__ = ["postgres_server"]


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.world.database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def site_on_both(request: pytest.FixtureRequest) -> Iterator[Site]:
    if request.param == "sqlite":
        made = Site()
    else:
        made = Site(emptied(request.getfixturevalue("postgres_server")))
    yield made
    made.world.database.close()
