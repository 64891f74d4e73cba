"""The site of these tests, as a fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from web_world import Site


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.world.database.close()
