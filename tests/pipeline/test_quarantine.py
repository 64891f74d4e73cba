"""Claims about a site that renames everything it published, and about documents that skipped some."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from pipeline_world import COURIER, RADIO, World

from alerts.clock import FakeClock
from alerts.demo.documents import Item
from alerts.pipeline import health, quarantine
from alerts.store import retention

YAML = f"""\
version: 1
defaults: {{timezone: America/Chicago}}
admins: [boss@example.org]
feeds:
  - {{name: Courier, url: "{COURIER}"}}
  - {{name: Radio, url: "{RADIO}"}}
rules: {{ice: ICE}}
subscribers:
  - {{name: Ana, email: ana@example.org, rules: [ice], when: right away}}
"""
DAY = 86_400.0
BEN = "  - {name: Ben, email: ben@example.org, rules: [ice], when: right away}\n"


@pytest.fixture(autouse=True)
def with_admins(world: World) -> None:
    world.reload(YAML)
    world.serve(url=RADIO)


#: Two days before the clock of these worlds begins.
NEWEST = FakeClock().now() - 2 * DAY


def archive(name: str, count: int = 60) -> list[Item]:
    """Old stories, one a day; another `name` gives each another guid, link and title."""
    return [
        Item(f"ICE {name} {n}", f"https://courier.example/{name}-{n}", "", NEWEST - n * DAY)
        for n in range(count)
    ]


def poll(world: World, *items: Item, url: str = COURIER, hours: float = 1) -> None:
    world.later(hours)
    world.serve(*items, url=url)
    world.run(force=True)


def storm(world: World, *news: Item) -> list[Item]:
    """The Courier's archive is read, and then comes under other names."""
    poll(world, *archive("story"))
    renamed = archive("renamed")
    poll(world, *news, *renamed)
    return renamed


def digests(world: World) -> list[EmailMessage]:
    """The digests that went out; notices are not among them."""
    return [mail for mail in world.mails() if "boss@" not in str(mail["To"])]


def told(world: World) -> list[str]:
    """Subjects of the digests that went out."""
    return [str(mail["Subject"]) for mail in digests(world)]


def notices(world: World) -> list[str]:
    return [
        str(m["Subject"])
        for m in world.mails()
        if "boss@" in str(m["To"]) and "old stories" in str(m["Subject"])
    ]


def look(world: World) -> None:
    """A minute passes: the health checks of a running service, and what they send."""
    health.check(world.parts)
    world.run()


def test_a_site_that_renames_everything_tells_nobody_but_the_admins_once(world: World):
    renamed = storm(world)
    feed = world.feed()
    assert (feed["state"], feed["held"], feed["gaps"]) == ("quarantined", 60, 0)
    assert f"alerts feeds release {COURIER}" in feed["hint"]
    for _ in range(3):
        look(world)
        poll(world, *renamed)
    assert (told(world), world.pending()) == ([], 0)
    (notice,) = notices(world)
    assert "Held back: 60 old stories of Courier look new" in notice
    assert world.feed()["held"] == 60


@pytest.mark.parametrize("count", [4, 60])
@pytest.mark.parametrize("how", ["guid", "link", "guid and link"])
def test_a_site_that_rewrites_ids_or_links_tells_nobody_anything(
    world: World, how: str, count: int
):
    stories = archive("agents were seen in county", count)
    poll(world, *stories)
    poll(
        world,
        *(
            Item(
                one.title,
                one.link if how == "guid" else f"https://courier.example/new/{n}",
                one.text,
                one.at,
                guid=one.key if how == "link" else f"x{n}",
            )
            for n, one in enumerate(stories)
        ),
    )
    look(world)
    assert (told(world), notices(world), world.feed()["state"]) == ([], [], "ok")


def test_news_in_and_after_a_storm_are_told(world: World):
    renamed = storm(world, world.item("ICE today", "today", 0.5))
    assert len(told(world)) == 1
    later = world.item("ICE tonight", "tonight", -0.5)
    poll(world, later, *renamed)
    assert len(told(world)) == 2
    assert world.feed()["state"] == "quarantined"


def test_what_is_released_goes_to_who_followed_the_rule_when_it_came(world: World):
    storm(world)
    world.later(1)
    world.reload(YAML + BEN)
    with world.database.write() as connection:
        done = quarantine.release(connection, world.parts.in_force, COURIER, world.clock.now())
    assert (done.entries, done.matched, done.alerts) == (60, 60, 60)
    assert (world.pending("ana"), world.pending("ben")) == (60, 0)
    feed = world.feed()
    assert (feed["state"], feed["held"], feed["hint"]) == ("ok", 0, None)
    look(world)
    assert told(world)
    assert "ben@example.org" not in {str(m["To"]) for m in world.mails()}


def test_releasing_twice_tells_nothing_twice(world: World):
    storm(world)
    for _ in range(2):
        with world.database.write() as connection:
            done = quarantine.release(connection, world.parts.in_force, COURIER, world.clock.now())
    assert (done.entries, world.pending()) == (0, 60)


def test_what_is_discarded_is_never_told(world: World):
    renamed = storm(world)
    look(world)
    with world.database.write() as connection:
        quarantine.release(
            connection, world.parts.in_force, COURIER, world.clock.now(), discard=True
        )
    edited = [Item(f"{one.title} (edited)", one.link, at=one.at) for one in renamed]
    poll(world, *edited)
    look(world)
    assert (told(world), world.pending()) == ([], 0)
    assert (world.feed()["state"], world.feed()["held"]) == ("ok", 0)
    assert notices(world)[1].endswith("Over: Held back: 60 old stories of Courier look new")


def test_a_second_storm_is_held_back_like_the_first(world: World):
    storm(world)
    poll(world, *archive("again"))
    assert (told(world), world.feed()["held"]) == ([], 120)


def test_a_failing_feed_that_recovers_is_still_quarantined(world: World):
    renamed = storm(world)
    poll(world, *renamed[:0], url=COURIER)
    world.fetcher.put(COURIER, b"<html><body>down</body></html>", "text/html")
    world.later(1)
    world.run(force=True)
    assert world.feed()["state"] == "failing"
    poll(world, *renamed)
    assert (world.feed()["state"], world.feed()["held"]) == ("quarantined", 60)


def test_a_quarantine_that_nobody_ends_is_over_with_what_it_held(world: World):
    renamed = storm(world)
    world.later(91 * 24)
    with world.database.write() as connection:
        retention.prune(connection, world.clock.now())
    poll(world, *renamed)
    assert (told(world), world.feed()["state"], world.feed()["held"]) == ([], "ok", 0)


def test_breaking_news_is_no_storm(world: World):
    poll(world, *archive("story"))
    poll(world, *(world.item(f"ICE live {n}", f"live-{n}", 0.01 * n) for n in range(40)))
    assert (world.feed()["state"], world.feed()["alerts_30d"]) == ("ok", 40)


def test_a_first_poll_is_no_storm(world: World):
    poll(world, *archive("story", 200))
    assert (world.feed()["state"], world.feed()["held"]) == ("ok", 0)


def test_a_held_story_that_another_feed_brings_as_news_is_told(world: World):
    poll(world, url=RADIO)
    poll(world, world.item("Weather", "https://radio.example/weather"), url=RADIO)
    renamed = storm(world)
    assert told(world) == []
    poll(world, world.item("ICE raid", renamed[0].link, 0.1), url=RADIO)
    assert len(told(world)) == 1
    assert world.feed()["held"] == 59


def test_a_quarantine_outlives_the_process(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'alerts.db'}"
    first = World(url, YAML)
    first.serve(url=RADIO)
    renamed = storm(first)
    now = first.clock.now()
    first.database.close()
    second = World(url, YAML, now)
    second.serve(url=RADIO)
    poll(second, *renamed)
    feed = second.feed()
    assert (told(second), feed["state"], feed["held"]) == ([], "quarantined", 60)
    with second.database.write() as connection:
        quarantine.release(connection, second.parts.in_force, COURIER, second.clock.now())
    assert second.pending() == 60
    second.database.close()


# --- documents that may have skipped some ------------------------------------------------------


def page(first: int, count: int = 5) -> list[Item]:
    """The newest stories of a site that publishes one every ten minutes."""
    return [
        Item(f"Story {n}", f"https://courier.example/story-{n}", "", NEWEST + n * 600)
        for n in range(first, first + count)
    ]


def test_a_full_document_without_anything_known_counts_as_a_gap(world: World):
    poll(world, *page(0))
    poll(world, *page(3))
    assert (world.feed()["gaps"], world.feed()["lost_at"]) == (0, None)
    poll(world, *page(9))
    feed = world.feed()
    assert feed["gaps"] == 1
    assert feed["lost_at"] is not None
    assert "check: often" in feed["hint"]


def test_a_short_or_empty_document_is_no_gap(world: World):
    poll(world, *page(0))
    poll(world)
    poll(world, *page(0))
    poll(world, *page(30, 2))
    assert world.feed()["gaps"] == 0


def test_another_documents_worth_of_old_stories_is_no_gap(world: World):
    poll(world, *archive("story", 8))
    poll(world, *archive("other", 8))
    assert world.feed()["gaps"] == 0


@pytest.mark.parametrize("is_dated", [True, False])
def test_a_document_that_still_lists_what_it_had_is_no_renamed_one(
    world: World, is_dated: bool
) -> None:
    """A paper that posts late, or was away for an hour, adds to what stands there."""
    poll(world, *archive("story", 2))
    late = [
        Item(f"ICE late {n}", f"https://courier.example/late-{n}", "", NEWEST if is_dated else None)
        for n in range(60)
    ]
    poll(world, *late, *archive("story", 2))
    assert world.feed()["state"] == "ok"
    words = {
        word for mail in digests(world) for word in mail.get_body(("plain",)).get_content().split()
    }
    assert {f"https://courier.example/late-{n}" for n in range(60)} <= words


def test_readers_are_not_told_that_a_feed_in_quarantine_could_not_be_read(world: World) -> None:
    storm(world, Item("ICE agents detain two", "https://courier.example/new", "", NEWEST + DAY))
    assert world.feed()["state"] == "quarantined"
    text = digests(world)[-1].get_body(("plain",)).get_content()
    assert "could not be read" not in text
    assert "All 2 sources were read" in text
