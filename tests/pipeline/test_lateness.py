"""Claims about stories that come late: the first line says so, and why, on both databases."""

from __future__ import annotations

import json

import pytest
from pipeline_world import RADIO, YAML, World

from alerts.delivery import classify
from alerts.pipeline import people

SILENT = classify.result("retry", "timeout", "server")
DOWN = classify.result("retry", "http", "destination", code="503", text="down")
ROOM = """\
  - {name: Room, slack: 'https://hooks.slack.com/services/T1/B1/x', rules: [ice], when: right away}
  - {name: Hook, webhook: {url: 'https://hooks.example/h', secret: "whsec_bWFkaXNvbi13aXNjb25zaW4tbmV3cy1hbGVydHM="}, rules: [ice], when: right away}
"""
DAILY = YAML.replace("when: right away", "when: daily at 7:30 am")


def told(world: World, kind: str = "plain") -> str:
    body = world.mails()[-1].get_body((kind,))
    assert body is not None
    return " ".join(body.get_content().split())


def begun(world: World, yaml: str = YAML) -> None:
    world.reload(yaml)
    world.serve()
    world.serve(url=RADIO)
    world.run(force=True)


def found(world: World, *numbers: int) -> None:
    world.serve(*(world.item(f"ICE story {n}", f"s{n}", hours_ago=0.1) for n in numbers))
    world.run(force=True)


def outage(world: World, hours: float) -> None:
    """Find two stories while the mail server is silent, for so long."""
    world.transport.answers.append(SILENT)
    found(world, 1, 2)
    for _ in range(int(hours)):
        world.transport.answers.append(SILENT)
        world.later(1)
        world.run()
    world.transport.answers.clear()
    world.later(6)
    world.run()


def test_what_waited_for_the_mail_server_says_so_first_and_keeps_its_id(world: World):
    begun(world)
    outage(world, 8)
    text = told(world)
    assert text.startswith(
        "These 2 stories are late: our mail server did not answer from today 1:01 am to 3:01 pm."
        " Nothing is missing. 2 stories,"
    )
    html = told(world, "html")
    heading, late = html.index("</h1>"), html.index("These 2 stories are late")
    assert heading < late < html.index("https://courier.example/s1")
    assert len({mail["Message-ID"] for mail in world.mails()}) == 1
    assert "late" not in world.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert world.mails()[-1].defects == []


def test_a_spanish_reader_is_told_why_in_spanish(world: World):
    begun(world, YAML.replace("name: Ana,", "name: Ana, language: es,"))
    outage(world, 8)
    assert told(world).startswith(
        "Estas 2 noticias llegan tarde: nuestro servidor de correo no respondió"
        " (hoy 1:01 a. m. – 3:01 p. m.). No falta nada."
    )


def test_what_is_only_minutes_late_says_nothing(world: World):
    begun(world)
    world.transport.answers.append(SILENT)
    found(world, 1)
    world.later(0.5)
    world.run()
    assert "late" not in told(world)


def test_what_waited_because_it_was_paused_says_nothing(world: World):
    begun(world, YAML + "  - {name: Bo, email: [ana@example.org, bo@example.org], rules: [ice]}\n")
    with world.database.write() as connection:
        people.pause(connection, "email/ana@example.org", world.clock.now() + 7200)
    found(world, 1)
    world.later(3)
    world.run()
    assert "late" not in told(world)


def test_a_room_and_a_program_are_told_that_they_are_late(world: World):
    begun(world, YAML.partition("  - {name: Ana")[0] + ROOM)
    world.transport.answers.extend([DOWN, DOWN])
    found(world, 1)
    world.later(3)
    world.run()
    last = {t.destination.kind: json.loads(t.payload) for t in world.transport.tries[-2:]}
    line = "This story is late: messages were not taken here from"
    assert last["slack"]["blocks"][1]["elements"][0]["text"].startswith(f":hourglass: {line}")
    assert last["webhook"]["data"]["late"].startswith(line)


@pytest.mark.parametrize("hours", [20, 10])
def test_a_slot_that_was_missed_while_the_service_stood_still_says_so(world: World, hours: int):
    begun(world, DAILY)
    found(world, 1, 2)
    world.later(hours)
    world.run()
    text = told(world)
    assert "! These 2 stories are late: our service stood still from" in text
    assert "Nothing is missing." in text
    assert "stood still" in told(world, "html")


def test_a_slot_in_time_after_a_standstill_is_not_late(world: World):
    begun(world, DAILY)
    found(world, 1)
    world.later(4)
    world.run()
    world.later(2.6)  # 7:36 am there
    world.run()
    assert len(world.mails()) == 1
    assert "late" not in told(world)


def test_of_stories_told_right_away_those_of_the_standstill_are_late(world: World):
    begun(world)
    world.run()
    world.later(20)
    world.serve(
        world.item("ICE one", "one", hours_ago=12), world.item("ICE two", "two", hours_ago=0.2)
    )
    world.run(force=True)
    assert "! 1 of these stories is late: our service stood still from" in told(world)


def test_what_is_told_again_after_it_expired_says_what_kept_it(world: World):
    begun(world)
    world.transport.answers.extend([SILENT] * 60)
    found(world, 1)
    for _ in range(5 * 6 + 1):
        world.later(4)
        world.run()
    world.transport.answers.clear()
    world.later(9)
    world.run()
    assert "This story is late: our mail server did not answer from" in told(world)


def test_passes_that_are_hours_apart_by_plan_make_nothing_late(world: World):
    begun(world)
    for number in range(4):
        world.later(6)
        world.serve(world.item(f"ICE story {number}", f"s{number}", hours_ago=3))
        world.run(force=True)
        assert "late" not in told(world)
