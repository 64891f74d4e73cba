"""Claims about what is told again at once of an urgent story: by whom, to whom, how often."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest
from pipeline_world import COURIER, RADIO, World
from sqlalchemy import select

from alerts.delivery.compose import message_id
from alerts.demo.documents import Item, rss
from alerts.digests import slots
from alerts.digests.when import parse_when
from alerts.model import SendResult
from alerts.pipeline import way
from alerts.store import outbox
from alerts.store.schema import delivery

YAML = """\
version: 1
admins: [desk@group.example]
defaults: {timezone: America/Chicago, spread: 0s}
feeds:
  - {name: Courier, url: "https://courier.example/rss"}
  - {name: Radio, url: "https://radio.example/rss"}
rules:
  ice: {title: ICE, any: [ICE], urgent: {query: ICE NEAR/8 (raid | detain*), newer_than: 6h}}
subscribers:
"""
ANA = (
    "  - {name: Ana, email: ana@example.org, rules: [ice], when: daily at 7:30 am, urgent: %s%s}\n"
)
ROOM = (
    "  - {name: Room, slack: 'https://hooks.slack.com/services/T1/B1/x', rules: [ice],"
    " when: daily at 7:30 am, corrections: true}\n"
)
HOOK = (
    "  - {name: Hook, webhook: {url: 'https://hook.example/x',"
    " secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}, rules: [ice],"
    " when: daily at 7:30 am, corrections: true}\n"
)
ASKED = ", corrections: true"
WAS = "ICE agents detain two men outside a market, witnesses say"
NOW = "ICE agents detain four people on Park Street, sheriff confirms"


@pytest.fixture
def here(world: World) -> World:
    """It is noon on a weekday, and the feeds were read before."""
    noon = slots.next_slot(parse_when("weekdays at noon"), "America/Chicago", world.clock.now())
    assert noon is not None
    world.clock.advance(noon.due_at - world.clock.now())
    return world


def story(world: World, title: str = WAS, slug: str = "raid") -> Item:
    return Item(title, f"https://courier.example/{slug}", "", world.clock.now() - 60, guid=slug)


def told(world: World, *people: str) -> World:
    """The story was told as urgent, and nobody has looked at the mail yet."""
    world.reload(YAML + "".join(people))
    world.serve(world.item("Budget", "budget"))
    world.serve(url=RADIO)
    world.run(force=True)
    world.later(0.1)
    world.serve(story(world))
    world.run(force=True)
    return world


def edited(world: World, title: str = NOW, hours: float = 1) -> None:
    world.later(hours)
    world.serve(story(world, title))
    world.run(force=True)


def deleted(world: World, slug: str = "raid") -> None:
    """Courier says in its feed that the article is deleted."""
    world.later(1)
    document = rss("Its own title", [world.item("Budget", "budget")])
    mark = (
        f'<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="{slug}"'
        ' when="2026-01-01T00:00:00Z"/>'
    )
    world.fetcher.put(COURIER, document.replace("</channel>", f"{mark}</channel>"))
    world.run(force=True)


def mails(world: World) -> list[EmailMessage]:
    found = world.mails()
    world.transport.tries.clear()
    return found


def words(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return " ".join(body.get_content().split())


def to_the_morning(world: World) -> None:
    noon = slots.next_slot(parse_when("daily at 7:30 am"), "America/Chicago", world.clock.now())
    assert noon is not None
    world.clock.advance(noon.due_at - world.clock.now() + 1)


def test_another_headline_is_told_at_once_as_an_answer_to_who_asked(here: World):
    world = told(here, ANA % ("always", ASKED))
    (first,) = mails(world)
    edited(world)
    (again,) = mails(world)
    assert again["Subject"] == f"UPDATE: {NOW}"
    assert again["In-Reply-To"] == again["References"] == first["Message-ID"]
    text = words(again)
    assert text.startswith("Courier, today 1:06 pm, changed its headline.")
    assert f"Was: {WAS} {NOW} https://courier.example/raid" in text
    assert "ONE OUTLET SO FAR." in text
    assert "First told today 12:06 pm. If you passed it on, please pass this on, too." in text
    assert "ana@example.org" in text.partition("-- ")[2]
    assert NOW in words(again, "html")
    world.later(1)
    world.run(force=True)
    assert mails(world) == []


def test_the_next_digest_has_it_in_one_line_then(here: World):
    world = told(here, ANA % ("always", ASKED))
    edited(world)
    mails(world)
    world.serve(story(world, NOW), world.item("ICE opens an office", "office", 0))
    world.run(force=True)
    to_the_morning(world)
    world.run()
    (mail,) = mails(world)
    full, _, line = words(mail).partition("ALREADY SENT AS URGENT")
    assert NOW not in full
    assert line.count(NOW) == 1
    assert "CORRECTED" not in words(mail)


def test_who_did_not_ask_for_corrections_has_it_in_full_in_the_next_digest(here: World):
    world = told(here, ANA % ("always", ""))
    mails(world)
    edited(world)
    assert mails(world) == []
    to_the_morning(world)
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == NOW
    assert "the article changed" in words(mail)


@pytest.mark.parametrize(
    "title", [WAS.upper(), WAS.replace(",", " –"), WAS.replace("detain", "detained")]
)
def test_another_spelling_wakes_nobody(here: World, title: str):
    world = told(here, ANA % ("always", ASKED))
    mails(world)
    edited(world, title)
    assert mails(world) == []


@pytest.mark.parametrize("asked", ["", ASKED])
@pytest.mark.parametrize("how", ["tombstone", "headline"])
def test_a_withdrawal_is_told_at_once_to_everyone_who_got_the_story(
    here: World, asked: str, how: str
):
    world = told(here, ANA % ("always", asked))
    (first,) = mails(world)
    deleted(world) if how == "tombstone" else edited(world, f"RETRACTED: {WAS}")
    (again,) = mails(world)
    assert again["Subject"] == f"WITHDRAWN: {WAS}"
    assert again["In-Reply-To"] == first["Message-ID"]
    assert words(again).startswith("Courier, today 1:06 pm, withdrew this article.")
    assert "OUTLET" not in words(again)
    for _ in range(3):
        world.later(2)
        world.run(force=True)
    assert mails(world) == []


def test_a_withdrawal_names_the_headline_that_was_told_last(here: World):
    world = told(here, ANA % ("always", ""))
    edited(world)
    to_the_morning(world)
    world.run()
    mails(world)
    deleted(world)
    (mail,) = mails(world)
    assert mail["Subject"] == f"WITHDRAWN: {NOW}"
    assert WAS not in words(mail)


def test_an_article_that_is_no_longer_listed_is_not_withdrawn(here: World):
    world = told(here, ANA % ("always", ASKED))
    mails(world)
    world.later(1)
    world.serve(world.item("Budget", "budget"))
    world.run(force=True)
    assert mails(world) == []


def test_a_feed_does_not_withdraw_what_came_from_another(here: World):
    world = told(here, ANA % ("always", ASKED))
    mails(world)
    world.later(1)
    carried = Item(f"RETRACTED: {WAS}", "https://courier.example/raid", "", world.clock.now())
    world.serve(carried, url=RADIO)
    world.run(force=True)
    assert mails(world) == []


def test_outside_the_readers_hours_it_waits_for_them_and_is_told_once(here: World):
    world = told(here, ANA % ('"11 am to 12:30 pm"', ASKED))
    mails(world)
    edited(world)
    assert mails(world) == []
    world.later(22)  # 11:06 am of the next day, after the digest
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == NOW
    world.later(3)
    world.run()
    assert mails(world) == []


def test_who_has_no_digests_is_told_when_it_may_come(here: World):
    only = ANA.replace("daily at 7:30 am", "urgent only")
    world = told(here, only % ('"11 am to 12:30 pm"', ASKED))
    mails(world)
    edited(world)
    assert mails(world) == []
    world.later(22.5)
    world.run()
    assert [mail["Subject"] for mail in mails(world)] == [f"UPDATE: {NOW}"]


def test_a_story_whose_headline_changes_every_minute_is_told_again_once_an_hour(here: World):
    world = told(here, ANA % ("always", ASKED))
    mails(world)
    for minute in range(30):
        edited(world, f"{NOW}: report number {minute}", 1 / 60)
    (mail,) = mails(world)
    assert mail["Subject"] == f"UPDATE: {NOW}: report number 0"
    world.later(1)
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == f"UPDATE: {NOW}: report number 29"
    assert f"Was: {NOW}: report number 0" in words(mail)


def test_it_counts_among_the_three_messages_an_hour(here: World):
    world = told(here, ANA % ("always", ASKED))
    others = [story(world, f"ICE raid number {n} of a long day", f"r{n}") for n in range(2)]
    world.serve(story(world), *others)
    world.run(force=True)
    assert len(mails(world)) == 3
    world.later(0.2)
    world.serve(story(world, NOW), *others)
    world.run(force=True)
    assert mails(world) == []
    world.later(1)
    world.run()
    assert [mail["Subject"] for mail in mails(world)] == [f"UPDATE: {NOW}"]


def test_a_room_and_a_program_are_told_too(here: World):
    world = told(here, ROOM, HOOK)
    first = {tried.destination.kind: tried.id for tried in world.transport.tries}
    world.transport.tries.clear()
    world.serve(Item(WAS, "https://courier.example/raid", "", world.clock.now()), url=RADIO)
    edited(world)
    posts = {tried.destination.kind: json.loads(tried.payload) for tried in world.transport.tries}
    (section,) = posts["slack"]["blocks"]
    lines = section["text"]["text"].split("\n")
    assert lines[0] == "*Update* · 2 outlets so far · Courier, today 1:06 pm, changed its headline"
    assert lines[1] == f"Was: {WAS}"
    assert lines[2] == f"*<https://courier.example/raid|{NOW}>*"
    assert lines[3] == "<https://courier.example/raid|Also at Radio>"
    assert lines[4] == "First told today 12:06 pm."
    assert posts["slack"]["text"] == f"UPDATE: {NOW}"
    assert posts["webhook"]["type"] == "update"
    update = posts["webhook"]["data"]["update"]
    assert update["change"] == "headline"
    assert update["was"] == WAS
    assert update["follows"] == first["webhook"]
    assert posts["webhook"]["data"]["articles"][0]["title"] == NOW


def test_a_spanish_reader_reads_it_in_spanish_and_a_discreet_subject_names_no_topic(here: World):
    world = told(here, ANA % ("always", ", language: es, subject: discreet"))
    mails(world)
    deleted(world)
    (mail,) = mails(world)
    assert mail["Subject"] == "Novedad de una alerta urgente de noticias, 1:06 p. m."
    assert words(mail).startswith("Courier retiró este artículo (hoy 1:06 p. m.).")


def test_what_was_told_in_a_digest_is_one_line_when_it_is_withdrawn(here: World):
    calm = YAML.replace(", urgent: {query: ICE NEAR/8 (raid | detain*), newer_than: 6h}", "")
    world = here
    world.reload(calm + ANA % ("always", ""))
    world.serve(world.item("Budget", "budget"))
    world.serve(url=RADIO)
    world.run(force=True)
    world.later(0.1)
    world.serve(story(world))
    world.run(force=True)
    to_the_morning(world)
    world.run()
    assert [mail["Subject"] for mail in mails(world)] == [WAS]
    deleted(world)
    assert mails(world) == []
    for slug in "ab":
        world.later(1)
        world.serve(world.item(f"ICE opens an office: {slug}", slug, 0))
        world.run(force=True)
        to_the_morning(world)
        world.run()
    second, third = mails(world)
    line = words(second).partition("WITHDRAWN SINCE WE TOLD YOU (1)")[2]
    assert f"{WAS} Courier, withdrew the article that you got" in line
    assert "Withdrawn since we told you" in words(second, "html")
    assert "WITHDRAWN" not in words(third)


def test_what_is_withdrawn_before_it_is_told_is_not_urgent_any_more(here: World):
    only = (
        ANA.replace("daily at 7:30 am", "urgent only").replace("Ana", "Bo").replace("ana@", "bo@")
    )
    people = (ANA % ('"1 pm to 10 pm"', ""), only % ('"2 pm to 10 pm"', ""))
    world = told(here, *people)
    deleted(world)
    world.later(3)
    world.run()
    to_the_morning(world)
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == WAS
    assert "Its source withdrew it (Mon 1:06 pm)." in words(mail) or "withdrew it (" in words(mail)
    assert world.pending("bo") == 0


def test_one_that_comes_to_nobody_stands_in_the_next_digest(here: World):
    world = told(here, ANA % ("always", ASKED))
    mails(world)
    world.transport.answers.extend([SendResult("retry", "network", scope="delivery")] * 500)
    edited(world)
    for _ in range(100):
        world.later(2)
        world.run()
        with world.database.read() as connection:
            if "failed" in connection.execute(select(delivery.c.state)).scalars():
                break
    world.transport.answers.clear()
    mails(world)
    to_the_morning(world)
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == NOW
    assert "Sent to you as urgent" in words(mail)


def test_an_address_of_two_subscribers_is_told_again_once(here: World):
    other = ANA.replace("Ana", "Vol", 1).replace("daily at 7:30 am", "hourly")
    world = told(here, ANA % ("always", ASKED), other % ("always", ASKED))
    assert len(mails(world)) == 1
    edited(world)
    assert [mail["Subject"] for mail in mails(world)].count(f"UPDATE: {NOW}") == 1


def test_explain_and_deliveries_show_tell_of_it(here: World):
    world = told(here, ANA % ("always", ASKED))
    edited(world)
    key = world.transport.tries[-1].id
    config = world.parts.in_force.config
    with world.database.read() as connection:
        (kept,) = way.find(connection, "https://courier.example/raid")
        rules = way.judged(kept, config, config.rules)
        told_how = way.Way(connection, config, world.clock.now()).to(
            kept, config.subscribers[0], rules
        )
        shown = outbox.show(connection, key)
    again = " ".join(told_how["why"]).partition("Told again ")[2]
    assert " 13:06 CST: its headline changed. email ana@example.org: delivered" in again
    assert [one["title"] for one in shown["titles"]] == [NOW]
    deleted(world)
    with world.database.read() as connection:
        (kept,) = way.find(connection, "https://courier.example/raid")
    assert kept.withdrawn_at == world.clock.now()


def test_its_message_id_is_its_own_and_names_the_first(here: World):
    world = told(here, ANA % ("always", ASKED))
    (tried,) = world.transport.tries
    edited(world)
    (_, again) = mails(world)
    assert again["References"] == message_id(tried.id, world.parts.settings.mail_from)
    assert again["Message-ID"] != again["References"]
