"""Properties of identity: whatever a site does to names and order, a story is new once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_feeds_identity import DAY, NOW, World

from alerts.feeds import dates
from alerts.model import Entry

WORD = st.text("abcdefghij", min_size=3, max_size=9)
TITLE = st.lists(WORD, min_size=4, max_size=8).map(" ".join)


def story(number: int, title: str, days_ago: float | None) -> Entry:
    return Entry(
        title=title,
        link=f"https://news.example/{number}",
        guid=f"urn:{number}",
        published_at=None if days_ago is None else NOW - days_ago * DAY,
    )


@st.composite
def documents(draw: Callable[..., list[str]]) -> list[Entry]:
    """Dated or undated stories with titles of their own, and no other text."""
    titles = draw(st.lists(TITLE, min_size=3, max_size=12, unique=True))
    is_dated = draw(st.booleans())
    return [story(n, title, n * 0.7 if is_dated else None) for n, title in enumerate(titles)]


def with_guid(entry: Entry) -> Entry:
    return replace(entry, guid=f"{entry.guid}/moved")


def with_link(entry: Entry) -> Entry:
    return replace(entry, link=f"{entry.link}/moved")


def with_both(entry: Entry) -> Entry:
    return with_guid(with_link(entry))


def nameless(entry: Entry) -> Entry:
    return replace(entry, guid=None, link=f"{entry.link}/moved")


@pytest.mark.parametrize("rename", [with_guid, with_link, with_both, nameless])
@given(entries=documents(), random=st.randoms(use_true_random=False))
def test_a_site_that_rewrites_its_names_and_order_brings_nothing_new(
    rename: Callable[[Entry], Entry], entries: list[Entry], random: object
):
    world = World()
    world.poll(*entries, first=True)
    changed = [rename(entry) for entry in entries]
    random.shuffle(changed)  # type: ignore[attr-defined]
    assert not world.is_new(*changed)
    assert not world.is_new(*entries)  # and back again


@given(entries=documents(), size=st.integers(1, 6), random=st.randoms(use_true_random=False))
def test_versions_that_differ_in_window_and_order_bring_each_story_once(
    entries: list[Entry], size: int, random: object
):
    world, count = World(), 0
    for _ in range(6):
        shown = random.sample(entries, min(size, len(entries)))  # type: ignore[attr-defined]
        count += len(world.poll(*shown).new)
    count += len(world.poll(*entries).new)
    assert count == len(entries)


@given(entries=documents(), fresh=TITLE)
def test_what_is_added_while_everything_is_renamed_is_new(entries: list[Entry], fresh: str):
    world = World()
    world.poll(*entries, first=True)
    news = story(99, f"today {fresh} at last", 0)
    decision = world.poll(news, *(with_both(entry) for entry in entries))
    assert [new.entry for new in decision.new if new.entry.title == news.title] == [news]


SHORT = [story(n, title, None) for n, title in enumerate(("Ox", "Elk", "Bat", "Emu"))]


def test_few_words_tell_if_a_whole_document_was_renamed():
    world = World()
    world.poll(*SHORT, first=True)
    assert not world.is_new(*map(with_both, SHORT))


def test_few_words_tell_nothing_of_a_column_that_comes_again():
    world = World()
    column = story(1, "Obituaries", None)
    world.poll(column, first=True)
    assert world.is_new(with_both(column))
    world.poll(*SHORT, column)
    assert world.is_new(*SHORT, replace(column, guid="urn:7", link="https://news.example/7"))


def test_a_feed_that_was_unchanged_for_months_may_rename_its_stories():
    world = World()
    entries = [story(n, f"The council meets about the budget, part {n}", n) for n in range(4)]
    world.poll(*entries, first=True)
    world.now += 50 * DAY  # of answers 304, which see no key
    assert not world.is_new(*map(with_both, entries))


@given(st.one_of(st.none(), st.floats(-1e12, 1e12)))
def test_a_believed_date_is_neither_older_than_the_web_nor_to_come(moment: float | None):
    found = dates.believed(moment, NOW)
    assert found is None or (found == moment and dates.of_text("1990-01-01") <= found <= NOW + 900)
