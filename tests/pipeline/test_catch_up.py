"""Claims about older documents that a feed offers (RFC 5005), asked for when some may be missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pipeline_world import COURIER, World

from alerts.clock import FakeClock
from alerts.demo.documents import Item, json_feed, rss
from alerts.model import FetchFailure

HOUR = 3_600.0
START = FakeClock().now() - 20 * HOUR
SIZE = 5


def page(first: int) -> list[Item]:
    """Five stories of a site that publishes one every ten minutes, the newest first."""
    return [
        Item(f"ICE {n}", f"https://courier.example/{n}", "", START + n * 600)
        for n in reversed(range(first, first + SIZE))
    ]


def serve(world: World, url: str, first: int, older: str | None, rel: str = "prev-archive") -> None:
    text = rss("Courier", page(first))
    if older:
        link = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="{rel}" href="{older}"/>'
        text = text.replace("<channel>", f"<channel>{link}")
    world.fetcher.put(url, text)


def archive(number: int) -> str:
    return f"https://courier.example/archive/{number}"


def poll(world: World) -> None:
    world.later(1)
    world.fetcher.asked.clear()
    world.run(force=True)


def skipped(world: World, pages: int) -> None:
    """So many documents' worth of stories came between two polls; the archives have them."""
    serve(world, COURIER, 0, None)
    poll(world)
    told = world.feed()["alerts_30d"]
    assert told == SIZE  # of a first poll: look_back
    top = SIZE * (pages + 1)
    serve(world, COURIER, top, archive(pages))
    for number in range(pages, -1, -1):
        serve(world, archive(number), SIZE * number, archive(number - 1))
    poll(world)


@pytest.mark.parametrize("pages", [1, 3])
def test_what_came_and_went_is_told_and_is_no_gap(world: World, pages: int):
    skipped(world, pages)
    feed = world.feed()
    assert feed["alerts_30d"] == SIZE * (pages + 2)
    assert (feed["gaps"], feed["lost_at"]) == (0, None)
    assert world.fetcher.asked.count(archive(0)) == 1
    assert archive(-1) not in world.fetcher.asked
    poll(world)
    assert world.feed()["alerts_30d"] == SIZE * (pages + 2)


def test_at_most_ten_documents_are_asked_for_and_the_gap_is_counted(world: World):
    skipped(world, 15)
    asked = [url for url in world.fetcher.asked if url != COURIER and "courier" in url]
    assert len(asked) == 10
    assert world.feed()["gaps"] == 1
    assert world.feed()["alerts_30d"] == SIZE * 12


def test_the_depths_of_an_archive_are_no_news(world: World):
    serve(world, COURIER, 10, None)
    poll(world)
    serve(world, COURIER, 20, archive(1))
    items = [*page(15), *page(10), *page(5), *page(0)]
    world.fetcher.put(archive(1), rss("Courier", items))
    poll(world)
    assert world.feed()["alerts_30d"] == 3 * SIZE


def test_nothing_older_is_asked_for_while_something_known_is_there(world: World):
    serve(world, COURIER, 0, archive(1))
    poll(world)
    assert archive(1) not in world.fetcher.asked  # at a first poll
    serve(world, COURIER, SIZE - 1, archive(1))
    poll(world)
    assert archive(1) not in world.fetcher.asked
    assert world.feed()["gaps"] == 0


def test_an_archive_that_fails_leaves_the_poll_as_it_was_and_a_gap(world: World):
    serve(world, COURIER, 0, None)
    poll(world)
    serve(world, COURIER, 10, archive(1))
    world.fetcher.fail(archive(1), FetchFailure("http", "Its server answers 500.", status=500))
    poll(world)
    feed = world.feed()
    assert (feed["state"], feed["gaps"], feed["alerts_30d"]) == ("ok", 1, 2 * SIZE)


def test_archives_that_name_each_other_end(world: World):
    serve(world, COURIER, 0, None)
    poll(world)
    serve(world, COURIER, 20, archive(1), rel="next")
    serve(world, archive(1), 15, archive(2), rel="next")
    serve(world, archive(2), 10, archive(1), rel="next")
    poll(world)
    assert (world.feed()["gaps"], world.feed()["alerts_30d"]) == (1, 4 * SIZE)


def test_a_json_feed_names_its_older_document_too(world: World):
    world.fetcher.put(COURIER, json_feed("Courier", page(0)), "application/feed+json")
    poll(world)
    text = json_feed("Courier", page(10)).replace("{", f'{{"next_url": "{archive(1)}",', 1)
    world.fetcher.put(COURIER, text, "application/feed+json")
    serve(world, archive(1), 5, archive(0))
    serve(world, archive(0), 0, None)
    poll(world)
    assert (world.feed()["gaps"], world.feed()["alerts_30d"]) == (0, 3 * SIZE)


def test_each_document_waits_for_its_turn_at_the_host(world: World):
    world.parts.settings = replace(world.parts.settings, host_gap_s=2.0)
    serve(world, COURIER, 0, None)
    poll(world)
    serve(world, COURIER, 15, archive(2))
    serve(world, archive(2), 10, archive(1))
    serve(world, archive(1), 5, archive(0))
    serve(world, archive(0), 0, None)
    world.later(1)
    began = world.clock.now()
    world.run(force=True)
    assert world.clock.now() - began >= 3 * 2.0
    assert world.feed()["gaps"] == 0


def test_a_plain_http_archive_of_an_https_feed_is_not_asked_for(world: World):
    serve(world, COURIER, 0, None)
    poll(world)
    serve(world, COURIER, 10, "http://courier.example/old")
    poll(world)
    assert "http://courier.example/old" not in world.fetcher.asked
    assert world.feed()["gaps"] == 1
