"""Claims about destinations that only fail, with rows, gates and notices, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from pipeline_world import YAML, World

from alerts.delivery import classify
from alerts.delivery.memory import MemoryTransport
from alerts.model import SendResult
from alerts.pipeline import health
from alerts.store import notices, outbox, reach, stops, tables

FULL = classify.result(
    "refused", "mailbox_full", "destination", code="552 5.2.2", text="mailbox full"
)
DOWN = classify.result("retry", "http", "destination", code="503", text="down")
HOOK_YAML = """\
version: 1
defaults: {timezone: UTC}
feeds:
  - {name: Courier, url: "https://courier.example/rss"}
rules:
  ice: ICE
subscribers:
  - name: Room
    webhook: {url: "https://hooks.example/x", secret: "whsec_bWFkaXNvbi13aXNjb25zaW4tbmV3cy1hbGVydHM="}
    rules: [ice]
    when: right away
"""
HOOK = "room/webhook/hooks.example"


def tell(world: World, number: int) -> None:
    world.serve(world.item(f"ICE story {number}", f"story-{number}", hours_ago=0.1))
    world.run(force=True)


def state(world: World) -> dict[str, Any]:
    places = [d for s in world.parts.in_force.config.subscribers for d in s.destinations]
    with world.database.read() as connection:
        return reach.destinations(connection, places, world.clock.now())[0]


def fail_until(world: World, day: int, *, first: int = 0) -> None:
    """Let a new article fail each day; days are counted from the first."""
    for number in range(first, day + 1):
        world.transport.answers.extend([DOWN] * 3)
        tell(world, number)
        world.transport.answers.clear()
        world.later(24)


def test_a_mailbox_that_stays_full_is_given_up_and_can_be_resumed(world: World):
    for number in range(3):
        world.transport.answers.append(FULL)
        tell(world, number)
        assert state(world)["state"] == ("ok" if number < 2 else "bad_address")
        world.later(7 * 24 + 1)
    assert "full since" in state(world)["reason"]
    with world.database.write() as connection:
        outbox.resume(connection, "email/ana@example.org", ["ana/email/ana@example.org"],
                      world.clock.now())  # fmt: skip
    world.transport.answers.append(FULL)
    tell(world, 9)
    assert state(world)["state"] == "ok"


ADMIN = "admins: [boss@desk.example]\n"
NO_SUCH = classify.result("suppress", "bad_address", "destination", code="550 5.1.1")


def notice(world: World, subject: str) -> str:
    """Return the words of the notice of that subject."""
    health.check(world.parts)
    world.run()
    (mail,) = [mail for mail in world.mails() if str(mail["Subject"]).startswith(subject)]
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


@pytest.mark.parametrize("answer", [NO_SUCH, FULL])
def test_a_dead_address_is_told_with_one_command_and_said_once(world: World, answer: SendResult):
    world.reload(YAML + ADMIN)
    for number in range(3 if answer is FULL else 1):
        world.transport.answers.append(answer)
        tell(world, number)
        world.later(7 * 24 + 1)
    told = notice(world, "Address refused: ana@example.org")
    assert told.count("alerts people resume ana@example.org") == 1
    assert "destinations resume" not in told
    assert told.count("subscribers.yaml") == (0 if answer is FULL else 1)


def test_a_webhook_that_is_gone_is_told_with_one_command_and_said_once(world: World):
    world.reload(HOOK_YAML + ADMIN)
    gone = classify.result("suppress", "gone", "destination", code="410")
    world.parts.transports = {**world.parts.transports, "webhook": MemoryTransport([gone])}
    tell(world, 0)
    told = notice(world, "Webhook gone")
    assert told.count(f"alerts destinations resume {HOOK}") == 1
    assert told.count("make a new one") + told.count("Make a new webhook") == 1


def test_a_mailbox_that_took_a_mail_between_is_not_given_up(world: World):
    for number, answer in enumerate((FULL, FULL, None, FULL)):
        world.transport.answers.extend([answer] if answer else [])
        tell(world, number)
        world.later(7 * 24 + 1)
    assert state(world)["state"] == "ok"


def test_a_webhook_that_fails_for_days_is_asked_once_a_day_and_admins_are_told(world: World):
    world.reload(HOOK_YAML)
    fail_until(world, 5)
    world.clock.advance(-23 * 3600)  # an hour after the last failure
    row = state(world)
    assert row["state"] == "waiting"
    assert "once a day" in row["reason"]
    tried = len(world.transport.tries)
    world.later(1)
    world.run()
    assert len(world.transport.tries) == tried
    health.check(world.parts)
    with world.database.read() as connection:
        assert f"webhook {HOOK}" in notices.open_ones(connection)


def test_a_webhook_that_answers_again_gets_everything_that_waited(world: World):
    world.reload(HOOK_YAML)
    fail_until(world, 6)
    for _ in range(3):
        world.later(24)
        world.run()
    assert state(world)["state"] == "ok"
    with world.database.read() as connection:
        rows = tables.deliveries(connection)
    assert {row["state"] for row in rows} <= {"delivered", "failed"}
    assert sum(row["state"] == "delivered" for row in rows) >= 5


def test_a_webhook_that_never_answers_again_is_given_up(world: World):
    world.reload(HOOK_YAML)
    fail_until(world, 14)
    row = state(world)
    assert row["state"] == stops.GONE
    assert row["lift"] == f"alerts destinations resume {HOOK}"
    tried = len(world.transport.tries)
    tell(world, 99)
    assert len(world.transport.tries) == tried
