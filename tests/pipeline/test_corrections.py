"""Claims about corrections: one line in the next digest, for who asked, in the outlet's own words."""

from __future__ import annotations

from pipeline_world import RADIO, YAML, World

WAS = "Five people held by ICE near East Towne, neighbors say"
NOW = "Two people held near East Towne, ICE confirms"
ASKED = YAML.replace("when: right away", "when: right away, corrections: true")


def told(world: World, yaml: str, now: str = NOW) -> list[str]:
    """Tell of an article, change its headline, tell of two others, one after the other."""
    world.reload(yaml)
    world.serve(world.item(WAS, "a", guid="1"))
    world.run()
    world.later(1)
    world.serve(world.item(now, "a", guid="1", hours_ago=2))
    assert world.run().digests == 0
    for slug in ("b", "c"):
        world.later(1)
        world.serve(world.item(f"ICE {slug}", slug))
        world.run()
    return [" ".join(m.get_body(("plain",)).get_content().split()) for m in world.mails()]


def test_a_changed_headline_is_one_line_in_the_next_digest_and_in_no_other(world: World):
    _, second, third = told(world, ASKED)
    assert f"CORRECTED SINCE WE TOLD YOU (1) {NOW} Courier, changed the headline" in second
    assert f"Was: {WAS}" in second
    assert "CORRECTED" not in third


def test_who_did_not_ask_is_told_of_no_correction(world: World):
    assert not any("CORRECTED" in text for text in told(world, YAML))


def test_other_quotes_and_dashes_correct_nothing(world: World):
    texts = told(world, ASKED, WAS.replace(", ", " – ").upper())
    assert not any("CORRECTED" in text for text in texts)


def test_another_outlets_own_headline_is_no_correction(world: World):
    world.reload(ASKED)
    world.serve(world.item(WAS, "a", guid="1"))
    world.run()
    world.later(1)
    world.serve(world.item(NOW, "https://courier.example/a", guid="x"), url=RADIO)
    world.run()
    world.later(1)
    world.serve(world.item("ICE b", "b"))
    world.run()
    assert "CORRECTED" not in world.mails()[-1].get_body(("plain",)).get_content()
