"""The world of these tests, as a fixture, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pipeline_world import World
from postgres import emptied, postgres_server

__all__ = ["postgres_server"]


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "sqlite":
        made = World("sqlite://")
    else:
        made = World(emptied(request.getfixturevalue("postgres_server")))
    yield made
    made.database.close()
