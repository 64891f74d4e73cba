"""Claims about quiet hours: nothing goes out in them, nothing is lost by them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from pipeline_world import YAML, World

CHICAGO = ZoneInfo("America/Chicago")
QUIET = YAML.replace("when: right away", "when: {when}, quiet: 10 pm to 6 am")


def at(world: World, hour: int, minute: int = 0) -> None:
    """Let it be so late at the reader's, today or tomorrow."""
    now = dt.datetime.fromtimestamp(world.clock.now(), CHICAGO)
    then = now.replace(hour=hour, minute=minute, second=0)
    if then <= now:
        then += dt.timedelta(days=1)
    world.clock.advance(then.timestamp() - world.clock.now())


def test_a_digest_that_a_standstill_carries_into_quiet_hours_waits_for_their_end(
    world: World,
) -> None:
    world.reload(QUIET.replace("{when}", "daily at 9:00 pm"))
    at(world, 20, 30)
    world.serve(world.item("ICE agents detain two", "a"))
    world.run()
    at(world, 23)  # the service stood still at nine
    world.run()
    assert world.mails() == []
    at(world, 6, 10)
    world.run()
    assert len(world.mails()) == 1


def test_a_digest_that_is_made_a_moment_into_quiet_hours_goes_out(world: World) -> None:
    world.reload(QUIET.replace("{when}", "daily at 9:59 pm").replace("when:", "spread: 0, when:"))
    at(world, 20, 30)
    world.serve(world.item("ICE agents detain two", "a"))
    world.run()
    at(world, 22)
    world.run()
    assert len(world.mails()) == 1
