"""Claims about several processes that claim deliveries at the same time from one PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from needs import ROOT
from postgres import emptied
from sqlalchemy import select

from alerts.clock import SystemClock
from alerts.store import deliveries
from alerts.store.database import Database, migrate, open_database
from alerts.store.schema import attempt, delivery
from tests.end_to_end.service import kill
from tests.engine.claimer import LEASE_S

NOW = 1_795_503_600.0
PLACES = 600
SECOND_PARTS = 30
LIMIT = 7


class Claimer:
    """One of the processes."""

    def __init__(self, url: str) -> None:
        program = str(Path(__file__).with_name("claimer.py"))
        self.process = subprocess.Popen(
            [sys.executable, program, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.claims: list[tuple[str, list[str]]] = []

    def ask(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def record(self) -> list[str]:
        """Write all that it claimed as delivered; return what was still its own."""
        ours: list[str] = []
        for claimed in self.claims:
            self.ask(record=claimed)
            ours += self.answer()["ours"]
        return sorted(ours)

    @property
    def ids(self) -> list[str]:
        return sorted(key for _, ids in self.claims for key in ids)


@pytest.fixture
def database(postgres_server: str) -> Iterator[Database]:
    """A backlog: a delivery to each place, and a second part to some."""
    opened = open_database(emptied(postgres_server))
    migrate(opened)
    rows = [owed(n, 1) for n in range(PLACES)] + [owed(n, 2) for n in range(SECOND_PARTS)]
    with opened.write() as connection:
        deliveries.add(connection, rows)
    yield opened
    opened.close()


@pytest.fixture
def three(database: Database) -> Iterator[list[Claimer]]:
    url = database.engine.url.render_as_string(hide_password=False)
    claimers = [Claimer(url) for _ in range(3)]
    assert all(one.answer() == {"ready": True} for one in claimers)
    yield claimers
    for one in claimers:
        one.process.communicate()
        one.process.wait(60)


def owed(number: int, part: int) -> dict[str, Any]:
    place = f"p{number}@example.org"
    return {
        "id": SystemClock().token(),
        "subscriber": f"p{number}",
        "destination": f"p{number}/email/{place}",
        "kind": "email",
        "place": place,
        "target": f"email/{place}",
        "part": part,
        "parts": 2,
        "articles": 1,
        "payload": b"",
        "state": "pending",
        "created_at": NOW,
        "due_at": NOW - 100 + part,
    }


def claim_together(claimers: list[Claimer], now: float) -> None:
    """Let all of them claim, at the same time, until nothing is left."""
    for one in claimers:
        one.ask(all=LIMIT, now=now)
    for one in claimers:
        one.claims = one.answer()["claims"]


def ids(database: Database, *, part: int) -> list[str]:
    with database.read() as connection:
        found = connection.execute(select(delivery.c.id).where(delivery.c.part == part)).scalars()
        return sorted(found)


def test_each_delivery_is_claimed_by_one_process_and_one_a_place_at_a_time(
    database: Database, three: list[Claimer]
):
    claim_together(three, NOW)
    claimed = sorted(key for one in three for key in one.ids)
    assert claimed == ids(database, part=1), Counter(claimed).most_common(3)
    assert sum(bool(one.ids) for one in three) >= 2, "only one was at work"
    assert all(len(keys) <= LIMIT for one in three for _, keys in one.claims)
    assert all(one.record() == one.ids for one in three)
    claim_together(three, NOW)
    assert sorted(key for one in three for key in one.ids) == ids(database, part=2)


def test_results_under_a_lease_that_another_process_took_are_refused(
    database: Database, three: list[Claimer]
):
    late, killed, third = three
    claim_together([late, killed], NOW)
    kill(killed.process)
    claim_together([third], NOW + LEASE_S)
    assert third.ids == [], "a lease holds for its whole time"
    claim_together([third], NOW + LEASE_S + 1)
    assert third.ids == ids(database, part=1)
    assert late.claims
    assert late.record() == []
    assert third.record() == third.ids
    assert late.record() == []
    with database.read() as connection:
        leases = {lease for lease, _ in third.claims}
        told = connection.execute(select(attempt.c.server_text)).scalars()
        assert {lease for lease in told if lease is not None} == leases
