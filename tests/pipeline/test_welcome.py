"""Claims about the first message to who is new, on both databases."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from pipeline_world import RADIO, World

from alerts.pipeline import people
from alerts.settings import Settings
from alerts.store import stops

HEAD = """\
version: 1
admins: ["Rosa M. <rosa@group.example>"]
defaults: {{timezone: America/Chicago, welcome: true{more}}}
feeds:
  - {{name: Courier, url: "https://courier.example/rss", paywall: true}}
  - {{name: Radio, url: "https://radio.example/rss"}}
rules:
  ice: {{title: {{en: ICE, es: ICE (la migra)}}, any: [ICE]}}
  council: council
subscribers:
"""
ANA = "  - {name: Ana, email: ana@example.org, rules: [ice, council], when: daily at 7:30 am}\n"
BO = "  - {name: Bo, email: bo@example.org, rules: [ice], when: right away}\n"
ROOM = "  - {name: Room, slack: 'https://hooks.slack.com/services/T1/B1/x', rules: [ice]}\n"


def yaml(*lines: str, more: str = "") -> str:
    return HEAD.format(more=more) + "".join(lines)


def begun(world: World, text: str) -> None:
    """A service whose feeds had stories before it came."""
    world.reload(text)
    old = [world.item(f"ICE story {n}", f"s{n}", hours_ago=100 - n) for n in range(5)]
    world.serve(world.item("Budget", "b"), *old)
    world.serve(url=RADIO)
    world.run(force=True)


def told(world: World, place: str = "ana@example.org") -> list[EmailMessage]:
    found = [
        mail
        for tried, mail in zip(world.transport.tries, world.mails(), strict=True)
        if tried.destination.place == place
    ]
    world.transport.tries.clear()
    return found


def words(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return " ".join(body.get_content().split())


def test_a_new_subscriber_is_told_what_will_come_and_the_last_three_stories(world: World):
    world.parts.settings = Settings(
        host_gap_s=0, mail_from="News <news@example.org>", base_url="https://a.example"
    )
    begun(world, yaml(ANA))
    (mail,) = told(world)
    assert mail["Subject"] == "You will get news about ICE and Council"
    assert mail["Reply-To"] == "rosa@group.example"
    text = words(mail)
    assert text.startswith(
        "You will get news about ICE and Council, daily at 7:30 am."
        " Rosa M. (rosa@group.example) added you."
    )
    assert "The first news comes today 7:30 am, if there is any by then." in text
    assert "The last 3 such stories: ICE story 4 Courier (subscribers only), " in text
    assert text.index("story 4") < text.index("story 3") < text.index("https://courier.example/s2")
    assert "story 1" not in text
    assert "Add news@example.org to your contacts" in text
    assert "not an emergency line" in text
    assert "Not you? Stop mails to ana@example.org: https://a.example/u/" in text
    html = words(mail, "html")
    assert '<a class="soft" href="https://courier.example/s4"' in html
    assert str(mail["List-Unsubscribe"]).strip().startswith("<https://a.example/u/")


def test_nobody_is_welcomed_twice_nor_after_they_left_and_came_back(world: World):
    begun(world, yaml(ANA))
    assert len(told(world)) == 1
    world.run(force=True)
    world.reload(yaml(BO))
    world.reload(yaml(ANA, BO))
    world.later(1)
    world.run(force=True)
    assert told(world) == []


def test_a_new_address_of_a_group_is_welcomed_and_the_others_not_again(world: World):
    begun(world, yaml("  - {name: Team, email: [ana@example.org], rules: [ice]}\n"))
    assert len(told(world)) == 1
    world.reload(yaml("  - {name: Team, email: [ana@example.org, bo@example.org], rules: [ice]}\n"))
    world.run()
    tries = [tried.destination.place for tried in world.transport.tries]
    assert tries == ["bo@example.org"]


def test_a_reader_of_long_standing_needs_no_welcome(world: World):
    begun(world, yaml(BO).replace("welcome: true", "welcome: false"))
    world.serve(world.item("ICE now", "now"))
    world.later(1)
    world.run(force=True)
    assert len(told(world, "bo@example.org")) == 1
    world.reload(yaml(BO))
    world.run()
    assert told(world, "bo@example.org") == []


def test_the_welcome_comes_before_the_first_digest(world: World):
    world.reload(yaml(BO))
    world.serve(world.item("ICE now", "now"))
    world.serve(url=RADIO)
    world.run(force=True)
    first, second = told(world, "bo@example.org")
    assert first["Subject"] == "You will get news about ICE"
    assert "The first news comes as soon as there is any." in words(first)
    assert second["Subject"] == "ICE now"


def test_who_stopped_is_not_welcomed_and_who_is_paused_is_when_the_pause_is_over(world: World):
    world.reload(yaml(ANA, BO))
    with world.database.write() as connection:
        now = world.clock.now()
        stops.stop(connection, "email/ana@example.org", stops.STOPPED, "with a link", now)
        people.pause(connection, "email/bo@example.org", now + 3600)
    world.run()
    assert world.transport.tries == []
    world.later(2)
    world.run()
    assert [tried.destination.place for tried in world.transport.tries] == ["bo@example.org"]


def test_a_welcome_waits_for_the_end_of_quiet_hours(world: World):
    world.reload(yaml(ANA, more=", quiet: 10 pm to 6 am"))
    # The world begins at 1:46 am in Chicago.
    world.run()
    assert world.transport.tries == []
    world.later(6)
    world.run()
    assert len(told(world)) == 1


def test_a_spanish_reader_is_welcomed_in_spanish(world: World):
    begun(world, yaml(ANA, more=", language: es, nothing_new: weekly note"))
    (mail,) = told(world)
    assert mail["Subject"] == "Recibirá noticias sobre ICE (la migra) y Council"
    text = words(mail)
    assert "todos los días a las 7:30 a. m. Le agregó Rosa M. (rosa@group.example)." in text
    assert "Las últimas 3 noticias de este tipo:" in text
    assert "Courier (de pago), " in text
    assert "Si no hay ninguna en una semana, se lo decimos en una nota breve." in text
    assert "¿No es para usted? Para dejar de recibir" in text
    assert mail["Content-Language"] == "es"


def test_a_discreet_welcome_names_no_topic_before_it_is_opened(world: World):
    begun(world, yaml(ANA, more=", subject: discreet"))
    assert told(world)[0]["Subject"] == "Your news summary begins"


def test_a_room_is_told_in_one_message_without_ways_to_stop(world: World):
    begun(world, yaml(ROOM))
    (tried,) = world.transport.tries
    text = tried.payload.decode()
    assert "What comes here: news about ICE, daily at 7:30 am." in text
    assert "<https://courier.example/s4|ICE story 4>" in text
    assert "contacts" not in text
    assert "reply STOP" not in text


@pytest.mark.parametrize("word", ["welcome: false", "welcome: no"])
def test_without_the_key_nobody_is_welcomed(world: World, word: str):
    begun(world, yaml(ANA).replace("welcome: true", word))
    assert world.transport.tries == []
