"""Claims about a wall clock that jumps: an administrator, NTP, a machine that slept."""

from __future__ import annotations

from collections import Counter

import pytest
from pipeline_world import COURIER, YAML, World

from alerts.model import FetchFailure, SendResult
from alerts.pipeline import clock_back

ICE = "ICE agents detain two people in Madison"
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
JUMPS = [HOUR_S, -HOUR_S, DAY_S, -DAY_S]


def live(world: World, hours: float, step_s: float = 600.0) -> None:
    """Let the service work for some hours, a pass every ten minutes (or so)."""
    for _ in range(int(hours * HOUR_S / step_s)):
        clock_back.mend(world.parts)
        world.run()
        world.clock.advance(step_s)


def slots(world: World) -> list[str]:
    """Return the calendar slots that digests were made of."""
    with world.database.read() as connection:
        query = "SELECT slot FROM digest WHERE cadence <> 'right away' ORDER BY slot"
        return list(connection.exec_driver_sql(query).scalars())


@pytest.mark.parametrize("jump_s", JUMPS)
@pytest.mark.fault("68")
def test_a_jump_makes_no_storm_and_holds_no_story_up(world: World, jump_s: float):
    world.serve(world.item(ICE, "a"))
    live(world, 1)
    world.clock.jump(jump_s)
    world.fetcher.asked.clear()
    world.serve(world.item("ICE leases offices", "b", hours_ago=0), world.item(ICE, "a"))
    live(world, 1)
    assert len(world.mails()) == 2
    assert Counter(world.fetcher.asked)[COURIER] <= 3


@pytest.mark.parametrize(
    ("jump_s", "before_h"),
    [(HOUR_S, 9), (-HOUR_S, 11), (DAY_S, 9), (-DAY_S, 11)],
)
@pytest.mark.fault("68")
def test_each_daily_slot_comes_once_over_a_jump(world: World, jump_s: float, before_h: float):
    world.reload(YAML.replace("when: right away", "when: daily at 10:30 am"))  # 10 h from now
    stories = []
    for number in range(3):
        stories.append(world.item(f"ICE story {number}", f"s{number}", hours_ago=0))
        world.serve(*stories)
        live(world, before_h if number == 0 else 24, 3600)
        if number == 0:
            world.clock.jump(jump_s)
    live(world, 24, 3600)
    found = slots(world)
    assert len(found) == len(set(found))
    assert told(world) == {f"s{number}": 1 for number in range(3)}


def told(world: World) -> Counter[str]:
    """Count how often each story was told."""
    bodies = [mail.get_body(("plain",)).get_content() for mail in world.mails()]
    return Counter(
        slug for body in bodies for slug in ("s0", "s1", "s2") if f"example/{slug}" in body
    )


@pytest.mark.fault("68")
def test_after_eight_hours_of_sleep_what_was_missed_comes_once_and_each_feed_is_asked_once(
    world: World,
):
    world.reload(YAML.replace("when: right away", "when: daily at 2 am and 5 am"))
    world.serve(world.item(ICE, "a"))
    live(world, 0.5)
    world.clock.jump(8 * HOUR_S)  # the monotonic clock of a sleeping machine stands still
    world.fetcher.asked.clear()
    world.run()
    assert len(world.mails()) == 1
    assert set(Counter(world.fetcher.asked).values()) == {1}
    live(world, 1)
    assert len(world.mails()) == 1


def test_a_clock_put_back_leaves_no_delivery_waiting_for_the_wrong_hour(world: World):
    world.clock.jump(DAY_S)
    busy = SendResult("deferred", "throttled", code="451", scope="server")
    world.transport.answers.append(busy)
    world.serve(world.item(ICE, "a"))
    world.run()
    assert len(world.transport.accepted) == 0
    world.clock.jump(-DAY_S)
    live(world, 1)
    assert len(world.transport.accepted) == 1


def test_a_story_gathered_before_the_clock_was_put_back_is_told_within_the_hour(world: World):
    world.clock.jump(DAY_S)
    world.serve(world.item(ICE, "a"))
    world.run()
    world.clock.advance(60)
    world.serve(world.item("ICE leases offices", "b", hours_ago=0), world.item(ICE, "a"))
    world.run(force=True)
    assert world.pending() == 1
    world.clock.jump(-DAY_S)
    live(world, 1)
    assert world.pending() == 0
    assert len(world.mails()) == 2


def test_a_back_off_keeps_its_length_when_the_clock_is_put_back(world: World):
    world.clock.jump(DAY_S)
    world.fetcher.fail(COURIER, FetchFailure("http", "Busy.", status=503, retry_after_s=7200))
    world.run()
    world.clock.jump(-DAY_S)
    world.fetcher.asked.clear()
    live(world, 1.5)
    assert COURIER not in world.fetcher.asked
    live(world, 1.5)
    assert COURIER in world.fetcher.asked


def test_nothing_is_touched_when_the_clock_was_not_put_back(world: World):
    world.serve(world.item(ICE, "a"))
    world.run()
    world.clock.jump(HOUR_S)
    assert not clock_back.mend(world.parts)
    world.clock.jump(-HOUR_S)
    assert not clock_back.mend(world.parts)
