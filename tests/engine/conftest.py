"""A service in memory, on both databases, with a clock that tests may put back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import emptied, postgres_server

sys.path.append(str(Path(__file__).parent.parent / "pipeline"))
from pipeline_world import World

__all__ = ["postgres_server"]


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "sqlite":
        made = World(f"sqlite:///{tmp_path}/alerts.db")
    else:
        made = World(emptied(request.getfixturevalue("postgres_server")))
    yield made
    made.database.close()
