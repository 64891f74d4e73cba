"""Claims about how long each feed may bring nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.rhythm import LEAST_S, patience_s

DAY = 86_400.0
WORKDAYS = [day * DAY for day in range(56) if day % 7 < 5]


@pytest.mark.parametrize(
    ("moments", "least_days", "most_days"),
    [
        ([day * DAY for day in range(30)], 3, 3.9),  # a daily paper
        (WORKDAYS, 3, 3.99),  # one that rests at weekends
        ([week * 7 * DAY for week in range(12)], 14, 28),  # a weekly blog
        ([hour * 3_600.0 for hour in range(400) if hour % 24 > 6], 3, 3),  # a wire that sleeps
        ([month * 30 * DAY + n for month in range(8) for n in range(10)], 31, 80),  # ten at once
    ],
)
def test_each_feed_has_the_patience_of_its_rhythm(
    moments: list[float], least_days: float, most_days: float
):
    found = patience_s(moments)
    assert found is not None
    assert least_days * DAY <= found <= most_days * DAY


@pytest.mark.parametrize("count", [0, 1, 6])
def test_few_entries_are_no_rhythm(count: int):
    assert patience_s([n * DAY for n in range(count)]) is None


@given(st.lists(st.floats(0, 1e9), max_size=40))
def test_no_pause_that_a_feed_made_lately_is_odd(moments: list[float]):
    found = patience_s(moments)
    if found is not None:
        recent = sorted(one for one in moments if one >= max(moments) - 180 * DAY)
        assert found >= LEAST_S
        assert all(b - a <= found for a, b in pairwise(recent))


def test_many_entries_at_once_are_no_rhythm():
    assert patience_s([0.0] * 50 + [DAY]) is None
