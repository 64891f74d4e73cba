"""Claims about the nightly job: it forgets what is old, not what a wrong clock calls old."""

from __future__ import annotations

import pytest
from pipeline_world import World
from sqlalchemy import Table, func, select

from alerts.engine import housekeeping
from alerts.pipeline import clock_back
from alerts.store.schema import entry, feed_key

ICE = "ICE agents detain two people in Madison"
DAY_S = 86_400.0
YEAR_S = 366 * DAY_S


def tell(world: World) -> None:
    """Have one story told, and a first night pass."""
    world.serve(world.item(ICE, "a"))
    world.run()
    assert len(world.mails()) == 1
    assert housekeeping.prune(world.parts) == 0


def nights(world: World, count: int) -> int:
    """Let so many nights pass; return how many rows they took."""
    gone = 0
    for _ in range(count):
        world.clock.advance(DAY_S)
        gone += housekeeping.prune(world.parts)
    return gone


def count(world: World, table: Table) -> int:
    with world.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.mark.parametrize("nights_wrong", [1, 3])
def test_a_clock_that_stands_years_ahead_for_some_nights_has_nothing_forgotten(
    world: World, nights_wrong: int
):
    tell(world)
    kept = count(world, entry), count(world, feed_key)
    world.clock.jump(10 * YEAR_S)
    assert nights(world, nights_wrong) == 0
    world.clock.jump(-10 * YEAR_S)
    assert nights(world, 1) == 0
    assert (count(world, entry), count(world, feed_key)) == kept
    clock_back.mend(world.parts)
    edited = world.item(f"{ICE}; one is free", "a", hours_ago=100)
    world.serve(edited)
    world.later(1)
    world.run(force=True, send_now=True)
    assert len(world.mails()) == 1, "the story was told again"


def test_a_clock_that_goes_wrong_before_the_first_night_has_nothing_forgotten(world: World):
    world.serve(world.item(ICE, "a"))
    world.run()
    world.serve()  # what a feed still lists is kept in any case
    world.later(1)
    world.run(force=True)
    kept = count(world, entry), count(world, feed_key)
    world.clock.jump(10 * YEAR_S)
    assert housekeeping.prune(world.parts) == 0
    assert (count(world, entry), count(world, feed_key)) == kept


def test_after_a_wrong_clock_old_articles_are_forgotten_on_time(world: World):
    tell(world)
    world.clock.jump(10 * YEAR_S)
    nights(world, 1)
    world.clock.jump(-10 * YEAR_S)
    nights(world, 85)
    assert count(world, entry) == 1
    nights(world, 10)
    assert count(world, entry) == 0


@pytest.mark.parametrize(("is_listed", "keys"), [(False, 0), (True, 3)])
def test_what_a_long_rest_left_lying_is_forgotten_night_by_night(
    world: World, is_listed: bool, keys: int
):
    tell(world)
    if not is_listed:
        world.serve()
        world.later(1)
        world.run(force=True)
    world.clock.advance(2 * YEAR_S)
    assert nights(world, 8) == 0
    nights(world, 54)
    assert (count(world, entry), count(world, feed_key)) == (0, keys)


def test_a_second_pass_of_the_same_day_forgets_nothing(world: World):
    tell(world)
    nights(world, 89)
    world.clock.advance(3600)
    assert housekeeping.prune(world.parts) == 0
    world.clock.advance(3 * DAY_S)
    assert housekeeping.prune(world.parts) > 0
