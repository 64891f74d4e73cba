"""Claims about faults of ours: who tells the admins, how often and until when."""

from __future__ import annotations

import pytest
from pipeline_world import RADIO, YAML, World

from alerts.delivery import classify
from alerts.delivery.classify import Kind
from alerts.model import FetchFailure, SendResult
from alerts.pipeline import health
from alerts.store import notices, outbox

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
        assert open_keys(world) == {"layout room/slack/hooks.slack.com"}
    for number in range(2, 4):  # good ones within the day may be followed by bad ones
        tell(world, number)
        assert open_keys(world) == {"layout room/slack/hooks.slack.com"}
    world.transport.answers.append(fault)
    tell(world, 4)
    world.later(25)
    tell(world, 5)
    assert open_keys(world) == set()
    assert subjects(world) == [
        "Slack refuses the layout of digests to room/slack/hooks.slack.com",
        "Over: Slack takes the layout of digests to room/slack/hooks.slack.com again",
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
    assert [str(m["Subject"]) for m in world.mails()][-1] == "Feed works again: Radio"


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
    assert (
        "1 subscriber's rules read it (Ana)" in world.mails()[-1].get_body(("plain",)).get_content()
    )


def crowd(count: int) -> str:
    people = "".join(
        f"  - {{name: P{n}, email: p{n}@example.org, rules: [ice], when: right away}}\n"
        for n in range(count)
    )
    return YAML.partition("subscribers:")[0] + "subscribers:\n" + people


def places(world: World) -> list[str]:
    return sorted(tried.destination.place for tried in world.transport.tries)


@pytest.mark.parametrize(
    "answer",
    [
        classify.result("our_fault", "policy", "destination", code="550 5.7.1", text="no"),
        classify.result("retry", "timeout", "destination"),
    ],
)
def test_a_recipient_who_is_refused_or_met_with_silence_holds_up_nobody_else(
    world: World, answer: SendResult
):
    world.reload(crowd(4))
    world.transport.answers.append(answer)
    world.serve(world.item("ICE story", "story", hours_ago=0.1))
    world.run(force=True)
    assert places(world) == [f"p{n}@example.org" for n in range(4)]
    assert len(world.transport.accepted) == 3


def test_two_refusals_in_a_row_let_the_others_wait_for_minutes(world: World):
    world.reload(crowd(4))
    policy = classify.result("our_fault", "policy", "destination", code="550 5.7.1", text="no")
    world.transport.answers.extend([policy, policy])
    world.serve(world.item("ICE story", "story", hours_ago=0.1))
    world.run(force=True)
    world.later(0.1)
    world.run()
    assert len(places(world)) == len(set(places(world))) == 4
    assert len(world.transport.accepted) == 2


def test_a_server_that_is_down_is_not_found_out_by_the_same_delivery_again(world: World):
    world.reload(crowd(3))
    down = classify.result("retry", "timeout", "server")
    world.transport.answers.extend([down, down])
    world.serve(world.item("ICE story", "story", hours_ago=0.1))
    world.run(force=True)
    world.later(0.11)
    world.run()
    assert len(set(places(world))) == 2


def test_a_domain_that_refuses_our_mail_is_told_once_and_its_end_once(world: World):
    world.reload(YAML + ADMINS.replace("admin@example.org", "admin@desk.example"))
    policy = classify.result("our_fault", "policy", "destination", code="550 5.7.1", text="no")
    world.transport.answers.append(policy)
    tell(world, 0)
    assert open_keys(world) == {"policy example.org"}
    world.later(6)
    world.run()
    world.run()
    told = [str(mail["Subject"]) for mail in world.mails() if "desk" in str(mail["To"])]
    assert told == [
        "example.org does not accept our mail",
        "Over: example.org accepts our mail again",
    ]


def test_a_refusal_that_waits_behind_its_gate_keeps_its_domain_refusing(world: World):
    world.reload(crowd(2) + ADMINS.replace("admin@example.org", "admin@desk.example"))
    policy = classify.result("our_fault", "policy", "destination", code="550 5.7.1", text="no")
    world.transport.answers.append(policy)
    world.serve(world.item("ICE story", "story", hours_ago=0.1))
    world.run(force=True)
    with world.database.write() as connection:
        waits = outbox.ids_of(connection, ["delayed"])
        outbox.retry(connection, waits, lambda _: True, world.clock.now(), asked_for=False)
    world.later(0.1)
    world.serve(world.item("ICE again", "again", hours_ago=0.01))
    world.run(force=True)
    assert len(world.transport.accepted) > 1
    assert open_keys(world) == {"policy example.org"}


def test_a_notice_to_an_admin_at_the_domain_does_not_show_that_it_takes_digests(world: World):
    world.reload(crowd(2) + ADMINS)
    policy = classify.result("our_fault", "policy", "destination", code="550 5.7.1", text="no")
    world.transport.answers.append(policy)
    world.serve(world.item("ICE story", "story", hours_ago=0.1))
    world.run(force=True)
    world.later(0.1)
    world.run()
    assert "admin@example.org" in places(world)
    assert open_keys(world) == {"policy example.org"}
    world.later(6)
    world.run()
    assert open_keys(world) == set()


def test_a_digest_refused_for_good_is_told_to_the_admin(world: World):
    world.reload(YAML + ADMINS)
    world.transport.answers.append(
        classify.result("refused", "too_big", code="552 5.3.4", text="too big")
    )
    tell(world, 0)
    assert subjects(world) == ["Refused for good: a digest to ana@example.org"]
    assert "alerts deliveries retry" in world.mails()[-1].get_body(("plain",)).get_content()


def test_many_refused_digests_are_told_one_by_one_only_at_first(world: World):
    world.reload(crowd(9) + ADMINS)
    world.transport.answers.extend([classify.result("refused", "refused", code="554")] * 9)
    tell(world, 0)
    told = subjects(world)
    assert len(told) == 6
    assert told.count("Refused for good: more digests") == 1


def test_one_webhook_that_refuses_a_layout_is_not_over_when_another_takes_it(world: World):
    second = ROOM.partition("subscribers:\n")[2].replace("Room", "Desk").replace("/T1/", "/T2/")
    world.reload(ROOM + second)
    world.transport.answers.append(PLAIN)
    tell(world, 0)
    assert len(open_keys(world)) == 1


def test_a_web_page_in_the_place_of_a_new_feed_is_told_at_the_first_poll_with_its_feeds(
    world: World,
):
    world.reload(YAML + ADMINS)
    world.serve()
    page = (
        '<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>'
    )
    world.fetcher.put(RADIO, page, "text/html")
    world.run()
    told = world.mails()[-1]
    assert str(told["Subject"]).startswith("Feed failing: Radio")
    text = told.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "https://radio.example/feed" in text


def test_a_page_that_a_feed_shows_for_a_while_is_not_told_at_once(world: World):
    world.reload(YAML + ADMINS)
    world.serve()
    world.serve(url=RADIO)
    world.run()
    before = len(world.mails())
    world.fetcher.put(RADIO, "<html><body>Back soon</body></html>", "text/html")
    world.later(1)
    world.run(force=True)
    assert len(world.mails()) == before


def test_a_failing_feed_that_closes_is_not_said_to_work_again(world: World):
    world.reload(YAML + ADMINS)
    world.serve()
    world.run()
    world.later(25)
    world.run(force=True)
    gone = FetchFailure("gone", "Its server answers 410 Gone to us.", status=410)
    world.fetcher.fail(RADIO, gone)
    for _ in range(3):
        world.later(25)
        world.run(force=True)
    mine = [str(mail["Subject"]) for mail in world.mails() if "admin" in str(mail["To"])]
    assert [subject.partition(" (")[0] for subject in mine] == [
        "Feed failing: Radio",
        "Feed gone: Radio",
    ]


def test_a_failing_feed_is_told_with_what_to_try(world: World):
    world.reload(YAML + ADMINS)
    world.serve()
    world.run()
    world.later(25)
    world.run(force=True)
    text = world.mails()[-1].get_body(("plain",)).get_content()
    assert f"Try: alerts feeds check {RADIO}" in text
    assert "For another address: alerts discover https://radio.example" in text
