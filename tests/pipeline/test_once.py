"""Claims that whoever asks twice is told once: by several rules, cadences, subscribers of one address."""

from __future__ import annotations

from pipeline_world import RADIO, YAML, World

ICE = "ICE agents detain two people in Madison"
#: Ana is told of ICE at once, and of the council at five in the afternoon.
TWO_CADENCES = YAML.replace("[ice, here]", "[ice, {rule: here, when: daily at 5 pm}]")
BOTH = "ICE is before the council"


def body(mail) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())


def test_an_entry_of_two_cadences_is_told_at_the_earliest_and_the_later_digest_has_a_line(
    world: World,
):
    world.reload(TWO_CADENCES)
    world.serve(world.item(BOTH, "a"))
    assert world.run().digests == 1
    world.later(0.5)
    world.serve(world.item("The council meets", "b"))
    assert world.run().digests == 0
    world.later(24)
    assert world.run().digests == 1
    first, later = world.mails()
    assert BOTH in first["Subject"]
    assert "The council meets" in later["Subject"]
    assert "1 story" in body(later)
    assert f"ALREADY SENT (1) {BOTH} Courier, sent to you" in body(later)
    html = later.get_body(("html",)).get_content()
    assert "Already sent" in html
    assert BOTH in html


def test_what_was_sent_already_is_listed_once_and_makes_no_digest_of_its_own(world: World):
    world.reload(TWO_CADENCES)
    world.serve(world.item(BOTH, "a"))
    world.run()
    world.later(24)
    assert world.run().digests == 0
    for slug in ("b", "c"):
        world.serve(world.item("The council meets", slug))
        world.run()
        world.later(24)
        world.run()
    _, second, third = world.mails()
    assert BOTH in body(second)
    assert BOTH not in body(third)


def test_of_a_rule_that_the_later_digest_does_not_tell_it_has_no_line(world: World):
    world.reload(TWO_CADENCES)
    world.serve(world.item(ICE, "a"))
    world.run()
    world.serve(world.item("The council meets", "b"))
    world.run()
    world.later(24)
    world.run()
    assert "ALREADY SENT" not in body(world.mails()[-1])


def test_another_when_lists_nothing_that_came_by_the_one_before(world: World):
    world.reload(YAML.replace("right away", "daily at 7:30 am"))
    world.serve(world.item(ICE, "a"))
    world.run()
    world.later(25)
    assert world.run().digests == 1
    world.reload(YAML.replace("right away", "daily at 5 pm"))
    world.serve(world.item("The council wants ICE out", "b"))
    world.run()
    world.later(24)
    assert world.run().digests == 1
    assert "ALREADY SENT" not in body(world.mails()[-1])


def test_two_outlets_with_one_headline_are_one_story_that_names_both(world: World):
    title = "ICE agents detain two men outside Park Street market"
    world.serve(world.item(title, "a", text="A few words of our own."))
    other = world.item(title, "https://radio.example/x", text="Quite another report of it.")
    world.serve(other, url=RADIO)
    report = world.run()
    assert (report.alerts, report.digests) == (2, 1)
    (mail,) = world.mails()
    assert body(mail).startswith("1 story")
    assert "Also at Radio" in body(mail) or "Also at Courier" in body(mail)
    assert world.pending() == 0
