"""Claims about the weekly note of a subscriber who asked for it, on both databases."""

from __future__ import annotations

import re
from email.message import EmailMessage

from pipeline_world import RADIO, World

from alerts.model import FetchFailure
from alerts.store import stops, tables

HEAD = """\
version: 1
admins: [desk@example.org]
defaults: {{timezone: America/Chicago, nothing_new: weekly note, when: {when}{more}}}
feeds:
  - {{name: Courier, url: "https://courier.example/rss"}}
  - {{name: Radio, url: "https://radio.example/rss"}}
rules:
  ice: {{title: {{en: ICE, es: ICE (la migra)}}, any: [ICE]}}
  council: council
subscribers:
  - {{name: Ana, {to}, rules: [ice, council]}}
"""
NOTE = "Nothing new this week; still watching"
DAY = 24.0


def yaml(when: str = "daily at 7:30 am", more: str = "", to: str = "email: ana@example.org") -> str:
    return HEAD.format(when=when, more=more, to=to)


def begun(world: World, text: str) -> None:
    world.reload(text)
    world.serve(world.item("Budget", "b"))
    world.serve(url=RADIO)
    world.run(force=True)


def hours(world: World, count: float, step: float = 4.0) -> None:
    """Let the service run for so long, a pass every few hours."""
    for _ in range(int(count / step)):
        world.later(step)
        world.run()


def told(world: World) -> list[EmailMessage]:
    found = [mail for mail in world.mails() if mail["To"] == "ana@example.org"]
    world.transport.tries.clear()
    return found


def subjects(world: World) -> list[str]:
    return [str(mail["Subject"]) for mail in told(world)]


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_after_a_week_without_news_a_note_says_so_once_at_the_usual_hour(world: World):
    begun(world, yaml())
    world.serve(world.item("Budget", "b"), world.item("Weather", "w"), world.item("Sport", "s"))
    hours(world, 7 * DAY)
    assert subjects(world) == []
    hours(world, DAY, step=0.5)
    (mail,) = told(world)
    assert mail["Subject"] == NOTE
    text = words(mail)
    assert text.startswith("No story matched ICE or Council since November 24, 1:00 am.")
    assert "All 2 sources were read. 3 articles were looked at." in text
    assert "If neither news nor this note comes by" in text
    assert "look in your spam folder or write to us." in text
    assert mail["Date"].datetime.strftime("%H:%M") in ("13:30", "14:00")  # 7:30 am there


def test_the_note_comes_every_week_and_a_restart_makes_none_twice(world: World):
    begun(world, yaml())
    for _ in range(3):
        hours(world, 7 * DAY)
        world.reload(world.yaml)
        world.run()
    hours(world, 12)
    assert subjects(world) == [NOTE] * 3


def test_whoever_got_news_gets_no_note_until_a_week_later(world: World):
    begun(world, yaml())
    hours(world, 5 * DAY)
    world.serve(world.item("ICE agents in Madison", "one", hours_ago=0.1))
    world.run(force=True)
    hours(world, 6 * DAY)
    assert subjects(world) == ["ICE agents in Madison"]
    hours(world, 2 * DAY)
    assert subjects(world) == [NOTE]


def test_news_that_comes_with_the_note_s_own_slot_takes_its_place(world: World):
    begun(world, yaml())
    hours(world, 6 * DAY + 23)
    world.serve(world.item("ICE agents in Madison", "one", hours_ago=0.1))
    world.run(force=True)
    hours(world, DAY)
    assert subjects(world) == ["ICE agents in Madison"]


def test_a_subscriber_without_a_calendar_gets_the_note_in_the_morning(world: World):
    begun(world, yaml(when="right away", more=", quiet: 9 pm to 8 am"))
    hours(world, 7 * DAY)
    hours(world, DAY, step=0.5)
    (mail,) = told(world)
    assert mail["Subject"] == NOTE
    assert mail["Date"].datetime.strftime("%H:%M") in (
        "14:00",
        "14:30",
    )  # 8 am there: quiet hours moved it from 7:30


def test_a_note_says_what_could_not_be_read(world: World):
    begun(world, yaml())
    world.fetcher.fail(RADIO, FetchFailure("http", "Its server answers 503.", status=503))
    hours(world, 8 * DAY)
    (mail,) = told(world)
    assert "2 sources, all read but one: Radio (its server answers 503" in words(mail)


def test_a_note_says_what_could_not_be_read_for_a_time(world: World):
    begun(world, yaml())
    world.fetcher.fail(RADIO, FetchFailure("http", "Its server answers 503.", status=503))
    hours(world, 3 * DAY)
    world.serve(url=RADIO)
    hours(world, 5 * DAY)
    (mail,) = told(world)
    assert "All 2 sources were read." in words(mail)
    gap = r"For a time could not be read: Radio until (Friday|Saturday) \d+:\d\d [ap]m\."
    assert re.search(gap, words(mail))


def test_a_spanish_reader_gets_the_note_in_spanish(world: World):
    begun(world, yaml(more=", language: es"))
    hours(world, 8 * DAY)
    (mail,) = told(world)
    assert mail["Subject"] == "Nada nuevo esta semana; seguimos atentos"
    text = words(mail)
    assert text.startswith(
        "No hubo noticias sobre ICE (la migra) o Council desde el 24 de noviembre"
    )
    assert "Se revisó 1 artículo." in text
    assert "mire en su carpeta de spam o escríbanos." in text


def test_who_is_silent_by_wish_or_stopped_gets_no_note(world: World):
    begun(world, yaml().replace("weekly note", "silent"))
    hours(world, 8 * DAY)
    assert subjects(world) == []
    world.reload(yaml())
    with world.database.write() as connection:
        now = world.clock.now()
        stops.stop(connection, "email/ana@example.org", stops.STOPPED, "with a link", now)
    hours(world, 8 * DAY)
    assert subjects(world) == []


def test_the_note_is_no_next_slot_in_the_table(world: World):
    begun(world, yaml(when="right away"))
    with world.database.read() as connection:
        config = world.parts.in_force.config
        (row,) = tables.subscribers(connection, config.subscribers, world.clock.now())
    assert row["next_slot"] is None


def test_a_room_gets_the_note_too(world: World):
    begun(world, yaml(to="slack: 'https://hooks.slack.com/services/T1/B1/x'"))
    hours(world, 8 * DAY)
    payloads = [t.payload.decode() for t in world.transport.tries if t.destination.kind == "slack"]
    assert len(payloads) == 1
    assert NOTE in payloads[0]
    assert "something is wrong" in payloads[0]
