"""Claims about urgent stories: at once, once, in their hours, at most three an hour; both databases."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest
from pipeline_world import RADIO, World
from sqlalchemy import select

from alerts.digests import slots
from alerts.digests.when import parse_when
from alerts.model import SendResult
from alerts.pipeline import clock_back
from alerts.pipeline.apply import NOT_URGENT
from alerts.store import subscribers
from alerts.store.schema import alert

HEAD = """\
version: 1
admins: [desk@group.example]
defaults: {timezone: America/Chicago, spread: 0s}
feeds:
  - {name: Courier, url: "https://courier.example/rss", paywall: true, place: madison}
  - {name: Radio, url: "https://radio.example/rss"}
rules:
  ice:
    title: ICE
    any: [ICE]
    urgent:
      query: ICE NEAR/8 (raid | detain*) AND rule:here
      newer_than: 6h
      note: {en: Call 555-0142., es: Llame al 555-0142.}
  here: {title: Here, any: [place:madison, Madison]}
subscribers:
"""
DAILY = (
    "  - {name: Ana, email: ana@example.org, rules: [ice], when: daily at 7:30 am, urgent: %s}\n"
)
RAID = "ICE agents detain two men outside a market, witnesses say"


@pytest.fixture
def here(world: World) -> World:
    """It is noon on a weekday, and the feeds were read before."""
    noon = slots.next_slot(parse_when("weekdays at noon"), "America/Chicago", world.clock.now())
    assert noon is not None
    world.clock.advance(noon.due_at - world.clock.now())
    return world


def begun(world: World, *people: str) -> World:
    world.reload(HEAD + "".join(people))
    world.serve(world.item("Budget", "budget"))
    world.serve(url=RADIO)
    world.run(force=True)
    assert not world.transport.tries
    world.later(0.1)
    return world


def mails(world: World, place: str = "ana@example.org") -> list[EmailMessage]:
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


def to_the_next_slot(world: World) -> None:
    with world.database.read() as connection:
        (row,) = subscribers.slots(connection, "ana")
    world.clock.advance(row.due_at - world.clock.now() + 1)


def raid(world: World, slug: str = "raid", title: str = RAID, hours_ago: float = 0.5):
    return world.item(title, slug, hours_ago, text="People in ICE vests detain two men.")


def test_an_urgent_story_goes_out_at_once_as_a_report_that_can_be_passed_on(here: World):
    world = begun(here, DAILY % "always")
    world.serve(raid(world))
    world.run(force=True)
    (mail,) = mails(world)
    assert mail["Subject"] == f"URGENT: {RAID}"
    text = words(mail)
    assert text.startswith(
        f"{RAID} Courier (subscribers only) published today 11:36 am, seen by us"
    )
    assert "ONE OUTLET SO FAR. This is a news report that we pass on, not a confirmation." in text
    copied = text[text.index("copy from here") : text.index(" to here")]
    assert f'"{RAID}" https://courier.example/raid One outlet so far. Call 555-0142.' in copied
    assert "Urgent because: ICE in capitals within 8 words of" in text
    assert "less than 6 hours old." in text
    assert "*detain*" in text
    assert mail["X-Alert-Latency"] == "seen=1800; made=0"
    html = words(mail, "html")
    assert RAID in html
    assert "ONE OUTLET SO FAR" in html
    assert "<mark" in html
    world.run(force=True)
    assert mails(world) == []


def test_the_next_digest_has_it_in_one_line(here: World):
    world = begun(here, DAILY % "always")
    world.serve(raid(world))
    world.run(force=True)
    mails(world)
    world.serve(raid(world), world.item("ICE opens an office", "office", 0))
    world.run(force=True)
    to_the_next_slot(world)
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == "ICE opens an office"
    text = words(mail)
    before, _, line = text.partition("ALREADY SENT AS URGENT")
    assert RAID not in before
    assert RAID in line
    assert "https://courier.example/raid" in line
    assert "Already sent as urgent" in words(mail, "html")


def test_a_digest_with_nothing_but_what_was_told_is_not_made(here: World):
    world = begun(here, DAILY % "always")
    world.serve(raid(world))
    world.run(force=True)
    mails(world)
    to_the_next_slot(world)
    world.run()
    assert mails(world) == []


def test_an_article_that_changed_since_comes_in_full_and_says_so(here: World):
    world = begun(here, DAILY % "always")
    world.serve(raid(world))
    world.run(force=True)
    mails(world)
    world.later(1)
    world.serve(raid(world, title="ICE held four men outside a market, sheriff confirms"))
    world.run(force=True)
    assert mails(world) == []
    to_the_next_slot(world)
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == "ICE held four men outside a market, sheriff confirms"
    assert "Sent to you as urgent " in words(mail)
    assert "; the article changed " in words(mail)
    assert "the article changed" in words(mail, "html")


@pytest.mark.parametrize("urgent", ["never", "1 pm to 10 pm", '"10 pm to 6 am"'])
def test_outside_its_hours_it_waits_for_the_next_digest_like_any_other(here: World, urgent: str):
    world = begun(here, DAILY % urgent)
    world.serve(raid(world))
    world.run(force=True)
    assert mails(world) == []
    world.later(2)
    world.run()
    assert mails(world) == []
    to_the_next_slot(world)
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == RAID
    assert "as urgent" not in words(mail)


def test_quiet_hours_hold_unless_it_may_always_come(here: World):
    person = DAILY.replace("urgent:", "quiet: 11 am to 2 pm, urgent:")
    world = begun(here, person % "6 am to 10 pm", (person % "always").replace("Ana", "Bo", 1))
    world.serve(raid(world))
    world.run(force=True)
    assert {tried.destination.subscriber for tried in world.transport.tries} == {"bo"}


def test_an_old_article_is_not_urgent(here: World):
    world = begun(here, DAILY % "always")
    world.serve(raid(world, hours_ago=7))
    world.run(force=True)
    assert mails(world) == []
    assert world.pending() == 1


def test_an_edit_may_make_a_story_urgent_before_it_was_told(here: World):
    world = begun(here, DAILY % "always")
    world.serve(world.item("ICE seen", "raid", 0.2))
    world.run(force=True)
    assert mails(world) == []
    world.later(0.2)
    world.serve(raid(world))
    world.run(force=True)
    assert [mail["Subject"] for mail in mails(world)] == [f"URGENT: {RAID}"]


def test_the_same_story_of_another_outlet_is_not_urgent_again(here: World):
    world = begun(here, DAILY % "always")
    world.serve(raid(world))
    world.run(force=True)
    assert len(mails(world)) == 1
    world.serve(world.item(RAID, "https://radio.example/1", 0, text="Madison. Ours."), url=RADIO)
    world.run(force=True)
    assert mails(world) == []


def test_an_address_of_two_subscribers_is_told_once_and_other_places_too(here: World):
    other = (
        "  - {name: Vol, email: [Ana@Example.org, vol@example.org], rules: [ice], when: hourly}\n"
    )
    world = begun(here, DAILY % "always", other)
    world.serve(raid(world))
    world.run(force=True)
    told = sorted(tried.destination.place for tried in world.transport.tries)
    assert told == ["ana@example.org", "vol@example.org"]


def test_a_bundle_leaves_out_what_the_address_was_told(here: World):
    world = begun(here, DAILY % "always")
    world.serve(*(raid(world, f"a{n}", f"{RAID}: number {n}") for n in range(3)))
    world.run(force=True)
    other = "  - {name: Vol, email: ana@example.org, rules: [ice], when: hourly, urgent: always}\n"
    world.reload(HEAD + DAILY % "always" + other)
    world.later(0.2)
    world.serve(*(raid(world, f"b{n}", f"{RAID}: letter {n}") for n in range(5)))
    for _ in range(3):
        world.run(force=True)
        world.later(0.5)
    texts = [words(mail) for mail in world.mails() if mail["To"] == "ana@example.org"]
    for n in range(5):
        assert sum(f"{RAID}: letter {n}" in text.partition("ALREADY")[0] for text in texts) == 1


def test_at_most_three_an_hour_then_bundles_that_are_announced_until_it_calms_down(here: World):
    world = begun(here, DAILY % "always")
    titles = [f"ICE raid number {n} of a long day in the city" for n in range(5)]
    world.serve(*(raid(world, f"r{n}", title) for n, title in enumerate(titles)))
    world.run(force=True)
    by_place = [(t.destination.place, m["Subject"]) for t, m in zip(
        world.transport.tries, world.mails(), strict=True)]  # fmt: skip
    assert sorted(s for p, s in by_place if p == "ana@example.org") == sorted(
        [*(f"URGENT: {title}" for title in titles[:3]), "2 more urgent stories in 1 min."]
    )
    assert ("desk@group.example", "Too many stories at once: Ana") in by_place
    note = next(m for m in mails(world) if "more urgent" in m["Subject"])
    assert "the rest comes in one message today 12:30 pm and then every half hour" in words(note)
    assert "Nothing is dropped." in words(note)
    world.later(0.1)
    more = "ICE raid number 9 of a long day in the city"
    world.serve(raid(world, "r9", more))
    world.run(force=True)
    assert mails(world) == []
    world.later(0.5)
    world.run()
    (bundle,) = mails(world)
    assert bundle["Subject"].startswith("URGENT: ICE raid number ")
    assert all(title in words(bundle) for title in (*titles[3:], more))
    assert not any(title in words(bundle) for title in titles[:3])
    world.later(1)
    world.run()
    assert "Urgent stories come one by one again: Ana" in [m["Subject"] for m in world.mails()]
    mails(world)
    world.serve(raid(world, "r10", "ICE raid number 10 of a long day in the city", 0))
    world.run(force=True)
    assert len(mails(world)) == 1


def test_who_wants_only_what_is_urgent_gets_that_when_it_may_come_and_nothing_else(here: World):
    person = DAILY.replace("daily at 7:30 am", "urgent only")
    world = begun(here, person % "1 pm to 10 pm")
    world.serve(raid(world), world.item("ICE opens an office", "office", 0))
    assert world.run(force=True).alerts == 1
    assert mails(world) == []
    world.later(1)
    world.run()
    assert [mail["Subject"] for mail in mails(world)] == [f"URGENT: {RAID}"]
    world.later(48)
    world.run()
    assert mails(world) == []


def test_right_away_tells_an_urgent_story_once(here: World):
    person = DAILY.replace("daily at 7:30 am", "right away")
    world = begun(here, person % "always")
    world.serve(raid(world))
    world.run(force=True)
    assert [mail["Subject"] for mail in mails(world)] == [f"URGENT: {RAID}"]
    world.serve(raid(world), world.item("ICE opens an office", "office", 0))
    world.run(force=True)
    (mail,) = mails(world)
    assert RAID not in words(mail)


@pytest.mark.parametrize(
    ("mention", "begins"), [("here", "<!here> *URGENT*"), ("none", "*URGENT*")]
)
def test_a_room_is_pinged_only_if_its_subscriber_says_so(here: World, mention: str, begins: str):
    room = (
        "  - {name: Room, slack: 'https://hooks.slack.com/services/T1/B1/x', rules: [ice],"
        f" mention: {mention}, when: daily at 7:30 am}}\n"
    )
    world = begun(here, room)
    world.serve(raid(world, title="<!channel> ICE raid in the market & more"))
    world.run(force=True)
    (tried,) = world.transport.tries
    post = json.loads(tried.payload)
    section, context = post["blocks"]
    assert section["text"]["text"].startswith(begins)
    assert "<!channel>" not in tried.payload.decode()
    assert "*One outlet so far*" in section["text"]["text"]
    assert context["elements"][0]["text"].startswith("Urgent because: ICE in capitals")
    assert post["text"].startswith("URGENT: ")


def test_a_spanish_reader_reads_it_in_spanish_and_a_discreet_subject_names_no_topic(here: World):
    person = DAILY.replace("urgent:", "language: es, subject: discreet, urgent:")
    world = begun(here, person % "always")
    world.serve(raid(world))
    world.run(force=True)
    (mail,) = mails(world)
    assert mail["Subject"] == "Alerta urgente de noticias, 12:06 p. m."
    text = words(mail)
    assert "POR AHORA LO PUBLICA UN SOLO MEDIO." in text
    assert "Llame al 555-0142." in text
    assert "Es urgente porque: ICE en mayúsculas a 8 palabras o menos de" in text
    assert "tiene menos de 6 horas." in text
    assert RAID not in mail["Subject"]


def test_what_waits_for_a_bundle_stays_when_the_configuration_changes(here: World):
    world = begun(here, DAILY % "always")
    world.serve(*(raid(world, f"r{n}", f"ICE raid number {n} of a long day") for n in range(4)))
    world.run(force=True)
    mails(world)
    world.reload(HEAD.replace("title: ICE", "title: La migra") + DAILY % "always")
    world.later(0.5)
    world.run()
    assert [m["Subject"] for m in mails(world)] == ["URGENT: ICE raid number 3 of a long day"]
    assert world.pending() == 0


def test_a_subscriber_who_never_wants_it_any_more_gets_what_waited_in_a_digest(here: World):
    world = begun(here, DAILY % "always")
    world.serve(*(raid(world, f"r{n}", f"ICE raid number {n} of a long day") for n in range(4)))
    world.run(force=True)
    mails(world)
    world.reload(HEAD + DAILY % "never")
    world.later(0.5)
    world.run()
    assert mails(world) == []
    to_the_next_slot(world)
    world.run()
    (mail,) = mails(world)
    assert mail["Subject"] == "ICE raid number 3 of a long day"


def test_an_edit_to_urgent_only_gives_up_what_is_not_urgent(here: World):
    world = begun(here, DAILY % "always")
    world.serve(world.item("ICE opens an office", "office", 0))
    world.run(force=True)
    assert world.pending() == 1
    world.reload(HEAD + DAILY.replace("daily at 7:30 am", "urgent only") % "always")
    assert world.pending() == 0
    with world.database.read() as connection:
        assert connection.execute(select(alert.c.reason)).scalar() == NOT_URGENT


@pytest.mark.parametrize("when", ["daily at 7:30 am", "urgent only"])
def test_an_urgent_mail_that_expired_is_told_again_marked_late(here: World, when: str):
    world = begun(here, DAILY.replace("daily at 7:30 am", when) % "always")
    refuse = SendResult("retry", "network", scope="delivery")
    world.transport.answers.extend([refuse] * 500)
    world.serve(raid(world))
    world.run(force=True)
    for _ in range(60):
        world.later(6)
        world.run()
        with world.database.read() as connection:
            if connection.execute(select(alert.c.is_late)).scalar():
                break
    world.transport.answers.clear()
    world.transport.tries.clear()
    world.later(26)
    world.run()
    (mail,) = [m for m in mails(world) if RAID in m["Subject"]]
    assert mail["Subject"] == (RAID if when.startswith("daily") else f"URGENT: {RAID}")
    assert world.pending() == 0


def test_send_now_tells_what_waits_for_a_bundle(here: World):
    world = begun(here, DAILY % "always")
    world.serve(*(raid(world, f"r{n}", f"ICE raid number {n} of a long day") for n in range(4)))
    world.run(force=True)
    mails(world)
    world.run(send_now=True)
    assert [m["Subject"] for m in mails(world)] == ["ICE raid number 3 of a long day"]


@pytest.mark.parametrize("urgent", ["always", "1 pm to 10 pm"])
def test_what_waits_to_be_told_as_urgent_is_told_although_the_clock_was_put_back(
    here: World, urgent: str
):
    person = DAILY.replace("daily at 7:30 am", "urgent only")
    world = begun(here, person % urgent)
    world.serve(*(raid(world, f"r{n}", f"ICE raid number {n} of a long day", 0) for n in range(4)))
    world.run(force=True)
    mails(world)
    assert world.pending() > 0
    world.clock.jump(-3600)
    assert clock_back.mend(world.parts)
    for _ in range(6):
        world.later(0.5)
        world.run()
    assert world.pending() == 0
