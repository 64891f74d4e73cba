"""The world of these tests, as a fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pipeline_world import World


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.database.close()
