"""A service over a real database and real sockets, on a clock that tests move."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import emptied, postgres_server

sys.path.append(str(Path(__file__).parent))
from publisher import Log, Service

from alerts.log import configure

__all__ = ["postgres_server"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path, f"sqlite:///{tmp_path}/alerts.db") as made:
        yield made


@pytest.fixture
def on_postgres(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Service]:
    with Service(tmp_path, emptied(request.getfixturevalue("postgres_server"))) as made:
        yield made


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """Return what takes the log lines that were written since."""
    configure(as_json=True)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    configure()
