"""Claims about quiet hours: nothing goes out in them, nothing is lost by them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pipeline_world import YAML, World

from alerts.delivery import classify
from alerts.pipeline import people
from alerts.store import outbox, tables

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


TEMPORARY = classify.result("retry", "temporary", code="451")


def refused_for_now(world: World, yaml: str) -> None:
    """Have a digest refused for now at half past nine in the evening: the next try is at 21:50."""
    world.reload(yaml)
    at(world, 20)
    world.run()
    at(world, 21, 45)
    world.serve(world.item("ICE agents detain two", "a"))
    world.transport.answers.extend([TEMPORARY, TEMPORARY, TEMPORARY])
    world.run()


def test_what_was_refused_for_now_is_not_tried_again_in_quiet_hours(world: World) -> None:
    refused_for_now(world, QUIET.replace("{when}", "right away"))
    for hour, minute in ((21, 52), (22, 30), (23, 30), (2, 0), (5, 59)):
        at(world, hour, minute)
        world.run()
    tried = len(world.mails())
    assert tried == 2  # at once, and at 21:52
    at(world, 6, 1)
    world.run()
    at(world, 8)
    world.run()
    assert len(world.mails()) == tried + 2
    assert len(world.transport.accepted) == 1


def test_a_digest_made_before_a_pause_is_not_sent_in_it(world: World) -> None:
    plain = QUIET.replace("{when}", "right away").replace(", quiet: 10 pm to 6 am", "")
    refused_for_now(world, plain)
    until = dt.datetime.fromtimestamp(world.clock.now() + 2 * 86_400, CHICAGO).date()
    world.reload(plain.replace("when:", f"pause_until: {until}, when:"))
    world.later(hours=24)
    world.run()
    assert len(world.mails()) == 1
    world.later(hours=24)
    world.run()
    assert len(world.mails()) == 2


def test_an_urgent_alert_is_tried_again_also_in_quiet_hours(world: World) -> None:
    urgent = "ice: {query: ICE, urgent: {query: ICE, newer_than: 6h}}"
    yaml = QUIET.replace("{when}", "daily at 9:00 pm, urgent: always").replace("ice: ICE", urgent)
    refused_for_now(world, yaml)
    at(world, 22, 5)
    world.run()
    assert len(world.mails()) == 2


@pytest.mark.parametrize("quiet", [", quiet: 10 pm to 6 am", ""])
def test_an_urgent_alert_is_not_tried_again_at_an_hour_its_reader_did_not_agree_to(
    world: World, quiet: str
) -> None:
    urgent = "ice: {query: ICE, urgent: {query: ICE, newer_than: 6h}}"
    yaml = QUIET.replace("{when}", "daily at 9:00 pm, urgent: 6 am to 10 pm")
    refused_for_now(
        world, yaml.replace("ice: ICE", urgent).replace(", quiet: 10 pm to 6 am", quiet)
    )
    for hour, minute in ((22, 5), (23, 30), (2, 0), (5, 59)):
        at(world, hour, minute)
        world.run()
    assert len(world.mails()) == 1
    at(world, 6, 1)
    world.run()
    assert len(world.mails()) == 2


def test_what_is_tried_again_by_hand_in_quiet_hours_is_sent(world: World) -> None:
    refused_for_now(world, QUIET.replace("{when}", "right away"))
    at(world, 23)
    world.run()
    assert len(world.mails()) == 1
    with world.database.write() as connection:
        ids = [row["id"] for row in tables.deliveries(connection)]
        outbox.retry(connection, ids, lambda _: True, world.clock.now(), asked_for=True)
    world.run()
    assert len(world.mails()) == 2


def test_a_pause_that_is_lifted_in_quiet_hours_wakes_nobody(world: World) -> None:
    world.reload(QUIET.replace("{when}", "right away"))
    at(world, 20)
    world.run()
    now = world.clock.now()
    with world.database.write() as connection:
        people.pause(connection, "email/ana@example.org", now + 86_400)
    world.serve(world.item("ICE agents detain two", "a"))
    world.later(hours=1)
    world.run()
    assert world.pending() == 1
    at(world, 23)
    with world.database.write() as connection:
        config = world.parts.in_force.config
        people.resume(connection, config, "email/ana@example.org", world.clock.now())
    world.run()
    assert world.mails() == []
    at(world, 6, 1)
    world.run()
    assert len(world.mails()) == 1
