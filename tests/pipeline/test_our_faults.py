"""Claims about faults of ours: who tells the admins, how often and until when."""

from __future__ import annotations

import pytest
from pipeline_world import RADIO, YAML, World

from alerts.delivery import classify
from alerts.delivery.classify import Kind
from alerts.model import SendResult
from alerts.pipeline import health
from alerts.store import notices

ADMINS = "admins: [admin@example.org]\n"
ROOM = """\
version: 1
defaults: {timezone: UTC}
admins: [admin@example.org]
feeds:
  - {name: Courier, url: "https://courier.example/rss"}
rules:
  ice: ICE
subscribers:
  - name: Room
    slack: https://hooks.slack.com/services/T1/B1/canary
    rules: [ice]
    when: right away
"""
PLAIN = classify.result("delivered", "degraded", code="200", text="refused: invalid_blocks")
REFUSED = classify.result("refused", "bad_payload", code="400", text="invalid_blocks")


def tell(world: World, number: int) -> None:
    world.serve(world.item(f"ICE story {number}", f"story-{number}", hours_ago=0.1))
    world.run(force=True)
    world.later(1)


def open_keys(world: World) -> set[str]:
    with world.database.read() as connection:
        return set(notices.open_ones(connection))


def subjects(world: World) -> list[str]:
    """Return the subjects of what was sent to the admin."""
    world.run()
    mine = [t for t in world.transport.tries if t.destination.place == "admin@example.org"]
    mails = [mail for tried, mail in zip(world.transport.tries, world.mails(), strict=True)
             if tried in mine]  # fmt: skip
    return [str(mail["Subject"]) for mail in mails]


@pytest.mark.parametrize("fault", [PLAIN, REFUSED])
def test_a_layout_that_slack_refuses_is_told_once_and_its_end_once(world: World, fault: SendResult):
    world.reload(ROOM)
    for number in range(2):
        world.transport.answers.append(fault)
        tell(world, number)
        health.check(world.parts)
        assert open_keys(world) == {"layout slack"}
    tell(world, 3)
    tell(world, 4)
    assert open_keys(world) == set()
    assert subjects(world) == [
        "Slack refuses the layout of digests",
        "Over: Slack takes the layout of digests again",
    ]


@pytest.mark.parametrize("kind", ["auth", "tls", "policy", "sender"])
def test_what_waiting_does_not_heal_at_the_mail_server_is_told_at_once(world: World, kind: Kind):
    world.reload(YAML + ADMINS)
    world.transport.answers.append(classify.result("our_fault", kind, "server", code="535"))
    tell(world, 0)
    assert open_keys(world) == {"mail"}
    health.check(world.parts)
    assert open_keys(world) == {"mail"}
    world.later(6)
    assert [subject.split(" (")[0] for subject in subjects(world)] == [
        "Mails do not go out",
        "Over: Mails do not go out",
    ]
    assert open_keys(world) == set()


def test_a_mail_server_that_is_only_busy_is_not_told_at_once(world: World):
    world.reload(YAML + ADMINS)
    world.transport.answers.append(classify.result("retry", "server_busy", "server", code="421"))
    tell(world, 0)
    assert open_keys(world) == set()


def test_a_pass_sends_the_notice_of_a_trouble_that_it_finds_and_of_its_end(world: World):
    world.reload(YAML + ADMINS)
    world.serve()
    world.run()
    world.later(25)
    world.run(force=True)
    assert [str(m["Subject"]) for m in world.mails()][-1].startswith("Feed failing: Radio")
    world.serve(url=RADIO)
    world.later(1)
    world.run(force=True)
    assert [str(m["Subject"]) for m in world.mails()][-1].startswith("Over: Feed failing: Radio")


def test_a_failing_feed_is_said_to_be_read_by_those_whose_rules_look_there(world: World):
    yaml = YAML.replace(
        "  here: place:", "  courier: {query: jail, feeds: [Courier]}\n  here: place:"
    )
    ben = "  - {name: Ben, email: ben@example.org, rules: [courier], when: right away}\n"
    world.reload(yaml + ben + ADMINS)
    world.serve()
    world.run()
    world.later(25)
    world.run(force=True)
    assert "1 subscriber reads it" in world.mails()[-1].get_body(("plain",)).get_content()


def test_a_recipient_whose_server_refuses_our_mail_holds_up_the_others_for_minutes_only(
    world: World,
):
    people = "".join(
        f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice], when: right away}}\n"
        for n in range(3)
    )
    world.reload(YAML.partition("subscribers:")[0] + "subscribers:\n" + people)
    policy = classify.result("our_fault", "policy", "server", code="550 5.7.1", text="no")
    world.transport.answers.append(policy)
    world.serve(world.item("ICE story", "story", hours_ago=0.1))
    world.run(force=True)
    for _ in range(4):
        world.later(0.1)
        world.run()
    tries = [t.destination.place for t in world.transport.tries]
    assert sorted(tries) == ["p0@example.org", "p1@example.org", "p2@example.org"]
    assert len(world.transport.accepted) == 2
