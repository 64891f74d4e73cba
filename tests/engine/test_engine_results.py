"""Claims about results of sends that are recorded together, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pipeline_world import World
from sqlalchemy import Row, select

from alerts.delivery import classify
from alerts.engine.jobs import record_together
from alerts.engine.results import Results
from alerts.pipeline import Tried, send
from alerts.pipeline.notices import note_delivery, plain
from alerts.store import deliveries
from alerts.store.schema import attempt, delivery

PEOPLE = """\
version: 1
defaults: {timezone: UTC}
rules: {ice: ICE}
subscribers:
""" + "".join(f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice]}}\n" for n in range(4))

#: No database holds it as text; something goes wrong that nobody foresaw.
UNWRITABLE = "\ud800"


def owe(world: World, lease: str = "ours") -> list[Row[Any]]:
    """Put a mail to each of four people into the outbox and claim them."""
    world.reload(PEOPLE)
    people = world.parts.in_force.config.subscribers
    rows = [
        note_delivery(world.parts, p.destinations[0], plain("A story", "Its text.")) for p in people
    ]
    with world.database.write() as connection:
        deliveries.add(connection, rows)
    return claim(world, lease)


def claim(world: World, lease: str) -> list[Row[Any]]:
    with world.database.write() as connection:
        now = world.clock.now()
        return deliveries.claim(connection, now=now, lease=lease, lease_s=60, limit=8)


def tried(world: World, rows: list[Row[Any]], lease: str = "ours") -> list[Tried]:
    return [send(world.parts, row, lease) for row in rows]


def states(world: World) -> dict[str, str]:
    with world.database.read() as connection:
        rows = connection.execute(select(delivery.c.id, delivery.c.state))
        return {row.id: row.state for row in rows}


def test_each_of_a_group_gets_its_own_result_and_its_own_attempt_ends(world: World):
    answers = (
        classify.result("delivered", "ok", code="250"),
        classify.result("refused", "refused", code="554"),
        classify.result("retry", "temporary", code="451"),
        classify.result("delivered", "ok", code="252"),
    )
    rows = owe(world)
    world.transport.answers.extend(answers)
    found = record_together(world.parts, tried(world, rows))
    expected = dict(
        zip([r.id for r in rows], ("delivered", "failed", "delayed", "delivered"), strict=True)
    )
    assert found == states(world) == expected
    with world.database.read() as connection:
        codes = {row.delivery_id: row.code for row in connection.execute(select(attempt))}
        leases = set(connection.execute(select(delivery.c.lease)).scalars())
    assert codes == {row.id: answer.code for row, answer in zip(rows, answers, strict=True)}
    assert leases == {None}


def test_a_result_whose_lease_is_lost_is_dropped_and_the_others_of_its_group_count(world: World):
    late = tried(world, owe(world))
    world.later(1)
    theirs = [row for row in claim(world, "theirs") if row.id != late[0].row.id]
    record_together(world.parts, [late[0], *tried(world, theirs, "theirs")])
    expected = dict.fromkeys((row.id for row in theirs), "delivered")
    assert states(world) == {late[0].row.id: "sending", **expected}
    with world.database.write() as connection:
        ours = deliveries.record(connection, [one.recorded for one in late])
    assert ours == set()


def test_a_result_that_cannot_be_recorded_takes_no_other_with_it(world: World):
    rows = owe(world)
    tries = tried(world, rows)
    spoilt = tries[1].recorded
    values = {**spoilt.values, "server_text": UNWRITABLE}
    poison = deliveries.Recorded(spoilt.id, spoilt.lease, values, spoilt.result)
    tries[1] = Tried(tries[1].row, tries[1].at, poison, tries[1].result)
    found = record_together(world.parts, tries)
    assert [found[row.id] for row in rows] == ["delivered", "delayed", "delivered", "delivered"]
    assert found == states(world)


def test_what_comes_back_together_is_written_at_once_and_nothing_waits_for_the_last(world: World):
    tries = tried(world, owe(world))
    groups: list[int] = []
    ids: list[str] = []

    def write(group: Sequence[Tried]) -> None:
        groups.append(len(group))
        ids.extend(one.row.id for one in group)

    results = Results(write)
    results.expect(len(tries))
    for one in tries[:1]:
        results.add(one)  # the others hang: it is written all the same
    assert groups == [1]
    start = threading.Barrier(2)

    def bring(one: Tried) -> None:
        start.wait()
        results.add(one)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(bring, tries[1:3]))
    results.add(None)  # the last one brings nothing, and is waited for no longer
    results.expect(1)
    results.add(tries[3])
    assert sorted(ids) == sorted(one.row.id for one in tries)
    assert sum(groups) == len(tries)
