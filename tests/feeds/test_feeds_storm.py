"""Claims about telling a site that renames everything from a site with a lot of news."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.identity import NewEntry
from alerts.feeds.items import Item
from alerts.feeds.storm import Arrival, Past, held_back, past_of
from alerts.model import Entry

NOW = 1_795_503_600.0
DAY = 86_400.0
QUIET = Past(NOW - DAY, 0)


def brought(count: int, published_at: float | None) -> list[NewEntry]:
    entries = [Entry(title=f"Story {n}", published_at=published_at) for n in range(count)]
    items = map(Item.of, entries)
    return [
        NewEntry(entry, item.keys, False, item.compared)
        for entry, item in zip(entries, items, strict=True)
    ]


@pytest.mark.parametrize(
    ("old", "known", "late_a_day", "held"),
    [
        (60, 0, 0, 60),
        (11, 0, 0, 11),
        (10, 1, 0, 0),
        (10, 0, 0, 10),
        (5, 0, 0, 5),
        (4, 0, 0, 0),
        (5, 0, 1, 0),
        (60, 12, 0, 60),
        (60, 15, 0, 0),
        (60, 0, 11, 60),
        (60, 0, 12, 0),
    ],
)
def test_more_than_five_busy_days_and_ten_of_four_fifths_or_five_of_all_are_a_storm(
    old: int, known: int, late_a_day: int, held: int
):
    new = brought(old, NOW - 9 * DAY)
    assert len(held_back(new, old + known, Past(NOW - DAY, late_a_day))) == held


def test_what_is_dated_after_all_that_was_known_is_news():
    assert not held_back(brought(60, NOW - 60), 60, QUIET)


def test_news_in_the_middle_of_a_storm_are_not_held():
    new = brought(30, NOW - 9 * DAY) + brought(2, NOW - 60)
    assert held_back(new, 32, QUIET) == frozenset(range(30))


def test_entries_without_a_date_count_as_old_if_they_are_many():
    assert len(held_back(brought(30, None), 30, QUIET)) == 30
    assert not held_back(brought(10, None), 10, QUIET)


def test_the_past_counts_what_came_late_by_day_and_not_the_first_poll():
    start = NOW - 20 * DAY
    first = [Arrival(start, start - n * DAY) for n in range(50)]
    news = [Arrival(start + n * DAY, start + n * DAY - 60) for n in range(1, 15)]
    late = [Arrival(start + 15 * DAY, start) for _ in range(7)]
    past = past_of([*late, *news, *first], since=start, now=NOW)
    assert past == Past(start + 14 * DAY - 60, 7)


def test_one_busy_day_in_two_hundred_does_not_make_a_storm_usual():
    start = NOW - 200 * DAY
    arrivals = [Arrival(start, start), *(Arrival(start + DAY, start - DAY) for _ in range(40))]
    arrivals += [Arrival(start + 2 * DAY, start - DAY), Arrival(start + 3 * DAY, start - DAY)]
    assert past_of(arrivals, since=start, now=NOW).late_a_day == 1


@given(
    st.lists(st.one_of(st.none(), st.floats(NOW - 400 * DAY, NOW)), max_size=80),
    st.integers(0, 40),
    st.one_of(st.none(), st.floats(NOW - 400 * DAY, NOW)),
    st.integers(0, 20),
)
def test_nothing_dated_after_what_was_known_is_ever_held(
    dates: list[float | None], known: int, newest: float | None, late: int
):
    new = [one for date in dates for one in brought(1, date)]
    held = held_back(new, len(new) + known, Past(newest, late))
    assert held <= set(range(len(new)))
    for at in held:
        published = new[at].entry.published_at
        assert published is None or newest is None or published <= newest
