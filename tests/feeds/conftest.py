"""A service that a faulty site plays its faults to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).parents[1] / name) for name in ("politeness", "digests")]
from publisher import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, f"sqlite:///{tmp_path}/alerts.db") as made:
        yield made
