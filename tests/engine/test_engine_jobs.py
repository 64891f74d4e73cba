"""Claims about the job boundary."""

from __future__ import annotations

from typing import Any

import pytest
from pipeline_world import World
from sqlalchemy import Row

from alerts.engine.jobs import run_job
from alerts.errors import StoreError
from alerts.pipeline import Parts
from alerts.store import feeds
from alerts.store.schema import feed


def claimed(world: World) -> Row[Any]:
    with world.database.write() as connection:
        now = world.clock.now()
        (row,) = feeds.claim(
            connection,
            now=now,
            horizon=now,
            lease="ours",
            lease_s=60,
            limit=1,
            gaps=feeds.Gaps(0, 0),
        )
    return row


def test_a_database_that_is_away_passes_the_boundary_and_the_claim_stays(world: World):
    def job(_parts: Parts, _row: Row[Any], _lease: str) -> None:
        raise StoreError("away")

    row = claimed(world)
    with pytest.raises(StoreError, match="away"):
        run_job(job, feed, world.parts, row, "ours")
    with world.database.read() as connection:
        assert connection.execute(feed.select().where(feed.c.id == row.id)).one().lease == "ours"


def test_what_nobody_foresaw_is_marked_on_the_row_and_tried_later(world: World):
    def job(_parts: Parts, _row: Row[Any], _lease: str) -> None:
        raise ZeroDivisionError

    row = claimed(world)
    assert run_job(job, feed, world.parts, row, "ours") is None
    found = world.feed(row.url)
    assert (found["state"], found["error"]) == ("failing", "internal")
    with world.database.read() as connection:
        after = connection.execute(feed.select().where(feed.c.id == row.id)).one()
    assert after.lease is None
    assert after.due_at > world.clock.now()
