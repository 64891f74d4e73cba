"""Claims about `fulltext: true`: the article itself is fetched and matched too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pipeline_world import RADIO, YAML, World
from sqlalchemy import select

from alerts.demo.documents import Item
from alerts.feeds import articles
from alerts.model import FetchFailure
from alerts.pipeline import health
from alerts.store import notices, schema

FULL = YAML.replace("place: madison}", "place: madison, fulltext: true}")
PARAGRAPH = "The people met on Tuesday evening and heard from people of the town. " * 6


def page(words: str) -> str:
    return (
        "<!doctype html><html><head><title>Story</title></head><body><nav>Home Sports</nav>"
        f"<article><h1>Story</h1><p>{PARAGRAPH}</p><p>{words}</p><p>{PARAGRAPH}</p></article>"
        "<footer>Imprint</footer></body></html>"
    )


def link(slug: str) -> str:
    return f"https://courier.example/{slug}"


@pytest.fixture
def full(world: World) -> World:
    """A feed whose first poll, the baseline, is over."""
    world.reload(FULL)
    world.serve(world.item("An old story", "old", hours_ago=100))
    world.run()
    world.fetcher.asked.clear()
    world.later(1)
    return world


def news(world: World, *slugs: str) -> list[Item]:
    return [world.item(f"Market opens {slug}", slug) for slug in slugs]


def serve_page(world: World, slug: str, words: str, kind: str = "text/html") -> None:
    world.fetcher.put(link(slug), page(words), kind)


def test_what_only_the_article_says_is_told(full: World):
    full.serve(*news(full, "a"))
    serve_page(full, "a", "Agents of ICE came to the market.")
    assert full.run(force=True).alerts == 1
    assert len(full.mails()) == 1
    full.later(1)
    assert full.run(force=True).alerts == 0
    assert full.fetcher.asked.count(link("a")) == 1


def test_an_edit_in_the_feed_does_not_take_away_what_the_page_said(full: World):
    full.reload(full.yaml.replace("when: right away", "when: daily at 5 pm"))
    (item,) = news(full, "a")
    full.serve(item)
    serve_page(full, "a", "Agents of ICE came to the market.")
    assert full.run(force=True).alerts == 1
    full.later(1)
    full.serve(replace(item, title="Market opens late"))
    full.run(force=True)
    assert full.fetcher.asked.count(link("a")) == 1
    full.later(24)
    full.run()
    (mail,) = full.mails()
    text = " ".join(mail.get_body(("plain",)).get_content().split())
    assert "Market opens late" in text
    assert "Agents of *ICE* came to the market." in text


def test_articles_of_a_first_poll_are_left_alone(full: World):
    assert link("old") not in full.fetcher.asked
    full.run(force=True)
    assert link("old") not in full.fetcher.asked


def test_what_is_no_page_leaves_the_entry_and_is_not_asked_for_again(full: World):
    full.serve(*news(full, "a"))
    serve_page(full, "a", "ICE", "application/pdf")
    assert full.run(force=True).alerts == 0
    full.later(1)
    full.run(force=True)
    assert full.fetcher.asked.count(link("a")) == 1
    assert full.feed()["state"] == "ok"


def test_a_passing_failure_is_tried_three_times_at_most(full: World):
    full.serve(*news(full, "a"))
    full.fetcher.fail(link("a"), FetchFailure("timeout", "No complete answer."))
    for _ in range(5):
        full.run(force=True)
        full.later(1)
    assert full.fetcher.asked.count(link("a")) == 3


def test_a_page_that_could_not_be_asked_for_within_a_day_is_given_up(full: World):
    full.serve(*news(full, "a"))
    full.fetcher.fail(link("a"), FetchFailure("timeout", "No complete answer."))
    full.run(force=True)
    full.later(25)
    full.run(force=True)
    assert full.fetcher.asked.count(link("a")) == 1
    with full.database.read() as connection:
        (row,) = connection.execute(schema.fulltext.select())
    assert (row.due_at, row.error_text) == (None, "Its page was not asked for within a day.")


def test_pages_that_hang_hold_up_the_others_for_less_than_a_minute(full: World):
    slugs = [f"n{n}" for n in range(9)]
    hanging = {link(slug) for slug in slugs[:5]}
    full.serve(*news(full, *slugs))
    for slug in slugs[5:]:
        serve_page(full, slug, "Agents of ICE came.")
    fetch = full.fetcher.fetch

    def slow(feed, validators, accept="", deadline_s=30.0):
        if feed.url in hanging:
            full.clock.advance(deadline_s)
            return FetchFailure("timeout", "No complete answer.")
        return fetch(feed, validators, accept, deadline_s)

    full.fetcher.fetch = slow
    began = full.clock.now()
    assert full.run(force=True).alerts == 4
    assert full.clock.now() - began < 60


def test_the_page_is_read_of_an_article_that_a_feed_without_pages_brought_first(full: World):
    item = full.item("Market opens a", "a")
    full.serve(item, url=RADIO)
    full.run(force=True)  # the radio's first poll: what is younger than a day is news
    full.later(1)
    full.serve(item)
    serve_page(full, "a", "Agents of ICE came to the market.")
    assert full.run(force=True).alerts == 1
    full.later(1)
    full.serve(replace(item, text="Its hours have changed."), url=RADIO)
    full.run(force=True)
    assert full.fetcher.asked.count(link("a")) == 1
    with full.database.read() as connection:
        contents = connection.execute(select(schema.entry.c.content)).scalars()
        assert any("Agents of ICE" in content for content in contents)


def test_at_most_twenty_articles_a_poll_and_the_others_at_the_next(full: World):
    slugs = [f"n{n}" for n in range(25)]
    full.serve(*news(full, *slugs))
    for slug in slugs:
        serve_page(full, slug, "Agents of ICE came.")
    assert full.run(force=True).alerts == 20
    full.later(1)
    assert full.run(force=True).alerts == 5


def test_a_crash_before_the_article_loses_neither_entry_nor_article(full: World):
    full.serve(full.item("ICE at the market", "a"), full.item("Market opens", "b"))
    serve_page(full, "b", "Agents of ICE came.")
    fetch = full.fetcher.fetch

    class Killed(BaseException):
        pass

    def killed(feed, *more):
        if feed.url in (link("a"), link("b")):
            raise Killed
        return fetch(feed, *more)

    full.fetcher.fetch = killed
    with pytest.raises(Killed):
        full.run(force=True)
    full.fetcher.fetch = fetch
    assert full.pending() == 1
    full.later(1)
    assert full.run(force=True).alerts == 1


def test_without_the_extra_the_feed_is_polled_as_any_other(full: World, monkeypatch):
    monkeypatch.setitem(articles.LOADERS, "trafilatura", (lambda: False, lambda: None))
    full.serve(*news(full, "a"))
    assert full.run(force=True).new == 1
    assert link("a") not in full.fetcher.asked


def test_a_feed_of_which_no_page_can_be_read_is_told_once_with_what_to_do(full: World):
    slugs = [f"n{n}" for n in range(5)]
    full.serve(*news(full, *slugs))
    for slug in slugs:
        full.fetcher.fail(link(slug), FetchFailure("http", "Its server answers 403.", status=403))
    for _ in range(3):
        full.run(force=True)
        health.check(full.parts)
        full.later(1)
    assert "alerts feeds check" in full.feed()["hint"]
    assert troubles(full) == ["Articles cannot be read: Courier"]
    full.serve(*news(full, *slugs, "b"))
    serve_page(full, "b", "Nothing of note.")
    full.run(force=True)
    health.check(full.parts)
    assert "alerts feeds check" not in (full.feed()["hint"] or "")
    assert troubles(full) == []


def troubles(world: World) -> list[str]:
    with world.database.read() as connection:
        return [row.subject for row in notices.open_ones(connection).values()]
