"""Claims about one address under several subscribers: one mail a slot, and each article once."""

from __future__ import annotations

import pytest
from pipeline_world import YAML, World
from sqlalchemy import select

from alerts.model import SendResult
from alerts.store import outbox, schema

ICE = "ICE agents detain two people in Madison"
BOTH = "ICE is before the council"
COUNCIL = "The council meets"
AT_FIVE = YAML.replace("[ice, here], when: right away", "[ice], when: daily at 5 pm")
TWO = AT_FIVE + (
    "  - {name: Volunteers, email: Ana@Example.org, rules: [here], when: daily at 5 pm}\n"
)


def body(mail) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())


def states(world: World) -> list[tuple[str, str]]:
    with world.database.read() as connection:
        query = select(schema.delivery.c.subscriber, schema.delivery.c.state)
        return sorted(tuple(row) for row in connection.execute(query))


def test_two_subscribers_of_one_address_get_one_mail_a_slot_that_names_both(world: World):
    world.reload(TWO)
    world.serve(world.item(ICE, "a"), world.item(COUNCIL, "b"), world.item(BOTH, "c"))
    world.run()
    world.later(24)
    assert world.run().digests == 2
    (mail,) = world.mails()
    told = body(mail)
    assert told.startswith("3 stories")
    assert told.count(BOTH) == 1
    assert "Ana follows ICE, daily at 5 pm. Volunteers follows Here, daily at 5 pm." in told
    assert states(world) == [("ana", "delivered"), ("volunteers", "delivered")]


def test_the_mail_goes_out_once_also_when_their_spreads_differ(world: World):
    world.reload(TWO)
    world.serve(world.item(ICE, "a"), world.item(COUNCIL, "b"))
    world.run()
    with world.database.read() as connection:
        due = sorted(connection.execute(select(schema.slot.c.due_at)).scalars())
    assert due[0] < due[1] < due[0] + 180
    world.clock.advance(due[0] - world.clock.now())
    assert world.run().digests == 2
    world.clock.advance(due[1] - world.clock.now())
    assert world.run().digests == 0
    assert len(world.mails()) == 1


def test_what_one_subscriber_was_told_is_a_line_in_the_others_later_mail(world: World):
    world.reload(TWO.replace("[ice], when: daily at 5 pm", "[ice], when: right away"))
    world.serve(world.item(BOTH, "c"), world.item(COUNCIL, "b"))
    world.run()
    world.later(24)
    world.run()
    first, later = world.mails()
    assert BOTH in first["Subject"]
    assert COUNCIL in later["Subject"]
    assert f"ALREADY SENT (1) {BOTH}" in body(later)


def test_what_one_subscriber_was_told_comes_not_again_in_the_mail_of_both(world: World):
    raid = "A raid on Park Street"
    ana = TWO.replace("  here:", "  raid: raid\n  here:").replace(
        "[ice], when", "[ice, raid], when"
    )
    world.reload(ana.replace("[here], when", "[{rule: ice, when: right away}, here], when"))
    world.serve(world.item(ICE, "a"), world.item(raid, "b"), world.item(COUNCIL, "c"))
    world.run()
    world.later(24)
    world.run()
    first, later = map(body, world.mails())
    assert ICE in first
    assert later.startswith("2 stories")
    assert f"ALREADY SENT (1) {ICE}" in later
    assert later.count(ICE) == 1


def test_an_article_told_to_the_address_makes_no_second_mail(world: World):
    world.reload(TWO.replace("[ice], when: daily at 5 pm", "[ice], when: right away"))
    world.serve(world.item(BOTH, "c"))
    world.run()
    world.later(24)
    world.run()
    assert len(world.mails()) == 1
    assert world.pending("volunteers") == 0


def test_other_destinations_of_the_second_get_their_own(world: World):
    world.reload(TWO.replace("email: Ana@Example.org", "email: [ana@example.org, vol@example.org]"))
    world.serve(world.item(ICE, "a"), world.item(COUNCIL, "b"))
    world.run()
    world.later(24)
    world.run()
    told = {mail["To"]: body(mail) for mail in world.mails()}
    assert told.keys() == {"ana@example.org", "vol@example.org"}
    assert told["ana@example.org"].startswith("2 stories")
    assert told["vol@example.org"].startswith("1 story")


def test_if_the_carrier_is_removed_before_it_is_sent_the_others_news_goes_by_itself(world: World):
    world.reload(TWO)
    world.serve(world.item(ICE, "a"), world.item(COUNCIL, "b"), world.item(BOTH, "c"))
    world.run()
    world.later(24)
    world.transport.answers.append(SendResult("retry", "greylisted"))
    world.run()
    tried = len(world.mails())
    world.later(0.05)
    first = states(world)[0][0]
    assert first == "ana"
    world.reload(TWO.replace("{name: Ana, email: ana@", "{name: Eva, email: eva@"))
    world.later(1)
    world.run()
    assert COUNCIL in body(world.mails()[-1])
    assert ICE not in body(world.mails()[-1])
    world.later(25)
    world.run()
    assert sum(BOTH in body(mail) for mail in world.mails()[tried:]) == 1


@pytest.mark.parametrize("when", ["daily at 5 pm", "right away"])
def test_what_a_mail_under_way_was_to_tell_both_is_told_to_the_other_if_its_subscriber_goes(
    world: World, when: str
):
    world.reload(TWO.replace("[ice], when: daily at 5 pm", "[ice], when: daily at 4 pm"))
    world.serve(world.item(BOTH, "c"), world.item(COUNCIL, "b"))
    world.run()
    world.transport.answers.extend([SendResult("retry", "greylisted")] * 30)
    world.later(15.5)
    world.run()  # a mail to Ana is tried after four
    world.later(1)
    world.run()  # and leaves out what it tells from the volunteers' mail after five
    world.transport.answers.clear()
    assert world.pending("volunteers") == 0
    gone = TWO.replace("{name: Ana, email: ana@", "{name: Eva, email: eva@")
    world.reload(gone.replace("[here], when: daily at 5 pm", f"[here], when: {when}"))
    tried = len(world.mails())
    world.later(25)
    world.run()
    told = [body(mail).partition("ALREADY SENT")[0] for mail in world.mails()[tried:]]
    assert sum(BOTH in text for text in told) == 1
    assert sum(COUNCIL in text for text in told) == 1


def test_if_the_carrier_expires_the_stories_of_both_come_again_late(world: World):
    world.reload(TWO)
    world.serve(world.item(ICE, "a"), world.item(COUNCIL, "b"))
    world.run()
    world.later(24)
    world.transport.answers.extend([SendResult("retry", "greylisted")] * 500)
    while "failed" not in dict(states(world)).values():
        world.later(1)
        world.run()
    assert set(states(world)) == {("ana", "failed"), ("volunteers", "failed")}
    assert world.pending("ana") + world.pending("volunteers") == 2


def test_a_part_of_anothers_mail_is_tried_again_with_that_mail(world: World):
    world.reload(TWO)
    world.serve(world.item(ICE, "a"), world.item(COUNCIL, "b"))
    world.run()
    world.later(24)
    world.transport.answers.append(SendResult("refused", "content"))
    world.run()
    assert states(world) == [("ana", "failed"), ("volunteers", "failed")]
    with world.database.write() as connection:
        ids = outbox.ids_of(connection, ["failed"])
        now = world.clock.now()
        due, skipped = outbox.retry(connection, ids, lambda _: True, now, asked_for=False)
    assert len(due) == len(skipped) == 1
    assert skipped[0].reason.startswith("it is part of the mail ")
    world.run()
    assert states(world) == [("ana", "delivered"), ("volunteers", "delivered")]
