"""Claims about items that are not read again because the feed's last document had them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline_world import COURIER, RADIO, World
from sqlalchemy import select

from alerts.demo.documents import Item
from alerts.feeds.apart import Reader
from alerts.feeds.cut import MAX_ITEMS
from alerts.feeds.documents import Document
from alerts.model import FetchedBody, ParsedFeed
from alerts.store import schema


class Noting(Reader):
    """Notes how many entries it read in each document."""

    def __init__(self) -> None:
        super().__init__()
        self.read_entries: list[int] = []

    def read(
        self, answer: FetchedBody, known: str | None, now: float, items: Collection[bytes] = ()
    ) -> Document:
        document = super().read(answer, known, now, items)
        if isinstance(document.found, ParsedFeed):
            self.read_entries.append(len(document.found.entries))
        return document


class Whole(Reader):
    """Reads every document as if nothing were known of it."""

    def read(
        self, answer: FetchedBody, known: str | None, now: float, items: Collection[bytes] = ()
    ) -> Document:
        return super().read(answer, known, now)


def poll(world: World, *items: Item, url: str = COURIER) -> None:
    world.serve(*items, url=url)
    world.run(force=True)
    world.later(1)


def test_of_a_document_only_what_is_new_or_edited_is_read(world: World):
    reader = world.parts.reader = Noting()
    one, two, three = (world.item(f"ICE {n}", str(n)) for n in range(3))
    poll(world, one, two)
    poll(world, three, one, two)
    edited = world.item("ICE, corrected", "0", hours_ago=3)
    poll(world, three, edited, two)
    poll(world, two, edited, three)
    assert reader.read_entries == [2, 1, 1, 0]
    assert world.feed()["alerts_30d"] == 3
    assert world.feed()["entries"] == 3


def test_what_was_forgotten_of_a_feed_is_read_again(world: World):
    one, two, three = (world.item(f"ICE {n}", str(n)) for n in range(3))
    poll(world, one, two)
    with world.database.write() as connection:
        connection.execute(schema.feed_key.delete())
    reader = world.parts.reader = Noting()
    poll(world, three, one, two)
    assert reader.read_entries == [1, 3]


def test_after_a_document_that_could_not_be_taken_apart_all_is_read_once(world: World):
    reader = world.parts.reader = Noting()
    one, two = (world.item(f"ICE {n}", str(n)) for n in range(2))
    poll(world, one)
    world.fetcher.put(
        COURIER, "<rss><channel><item><title>ICE &x; 9</title></item></channel></rss>"
    )
    world.run(force=True)
    world.later(1)
    poll(world, two, one)
    poll(world, one, two)
    assert reader.read_entries == [1, 1, 2, 0]


def test_what_moves_up_from_the_unread_end_of_a_long_document_is_no_news(world: World):
    items = [world.item(f"ICE {n}", str(n), hours_ago=2 + n) for n in range(MAX_ITEMS + 3)]
    poll(world, *items)
    owed = world.feed()["alerts_30d"]
    poll(world, world.item("ICE, the newest", "new"), items[0], *items[3:])
    assert world.feed()["alerts_30d"] == owed + 1
    assert "lists 2002 articles; only the newest 2000 are read" in world.feed()["hint"]
    world.fetcher.asked.clear()
    world.run(force=True)  # 304
    assert "lists 2002 articles" in world.feed()["hint"]


# --- whatever a feed does, the same is stored, known and owed ------------------------------------

ARTICLE = st.tuples(
    st.integers(0, 3),  # its page
    st.sampled_from(["ICE raid on the east side", "Council meets", "ICE"]),
    st.sampled_from(["own", "page", "one for all"]),  # its guid
    st.sampled_from([None, 1.0, 30.0]),  # hours before the first poll
)
HISTORY = st.lists(
    st.tuples(st.sampled_from([COURIER, RADIO]), st.lists(ARTICLE, max_size=5)),
    min_size=2,
    max_size=5,
)


def written(start: float, article: tuple[int, str, str, float | None]) -> Item:
    page, title, guid, hours = article
    link = f"https://courier.example/{page}"
    guids = {"own": f"{page}-{title}", "page": link, "one for all": "same"}
    at = None if hours is None else start - hours * 3600
    return Item(title, link, f"What {title} means, and why it came to that", at, guids[guid])


def stored(world: World) -> list[list[Any]]:
    alert = schema.alert.c
    found = (
        schema.entry.select(),
        schema.feed_key.select(),
        schema.entry_feed.select(),
        schema.held.select(),
        select(alert.subscriber, alert.entry_id, alert.matches, alert.state),
    )
    with world.database.read() as connection:
        return [sorted(connection.execute(query), key=repr) for query in found]


@settings(max_examples=8, deadline=None)
@given(HISTORY)
def test_whatever_feeds_do_the_same_is_stored_known_and_owed_as_if_all_were_read(history):
    worlds = [World("sqlite://"), World("sqlite://")]
    worlds[1].parts.reader = Whole()
    for url, articles in history:
        for world in worlds:
            start = world.clock.now()
            poll(world, *(written(start, one) for one in articles), url=url)
            assert world.feed(url)["error"] is None
    try:
        assert stored(worlds[0]) == stored(worlds[1])
    finally:
        for world in worlds:
            world.database.close()
