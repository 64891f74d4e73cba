"""Moments in readers' words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from digest_cases import CHICAGO, at

from alerts.digests.dates import Dates
from alerts.digests.words import cut, enumerated

TUESDAY = Dates(CHICAGO, at("24 7:30"))


@pytest.mark.parametrize(
    ("moment", "near", "nearest", "day"),
    [
        ("24 6:12", "today 6:12 am", "6:12 am", "today 6:12 am"),
        ("24 0:00", "today 12:00 am", "12:00 am", "today 12:00 am"),
        ("23 16:45", "Mon 4:45 pm", "Mon 4:45 pm", "Monday 4:45 pm"),
        ("25 7:30", "Wed 7:30 am", "Wed 7:30 am", "Wednesday 7:30 am"),
        ("18 12:00", "Wed 12:00 pm", "Wed 12:00 pm", "Wednesday 12:00 pm"),
        ("17 11:20", "Nov 17, 11:20 am", "Nov 17, 11:20 am", "November 17, 11:20 am"),
    ],
)
def test_moments_are_told_by_their_distance(moment, near, nearest, day):
    told = at(moment)
    assert (TUESDAY.near(told), TUESDAY.nearest(told), TUESDAY.day(told)) == (near, nearest, day)


def test_another_year_is_named():
    old = at("24 7:30") - 400 * 86_400
    assert TUESDAY.near(old) == "Oct 20, 2025"
    assert TUESDAY.day(old) == "October 20, 2025, 8:30 am"


def test_whole_dates_have_a_long_and_a_short_form():
    assert TUESDAY.full(at("24 7:30")) == "Tuesday, November 24, 7:30 am"
    assert TUESDAY.short(at("24 7:30")) == "Tue Nov 24, 7:30 am"
    assert TUESDAY.weekday(at("24 7:30")) == "Tuesday"


def test_today_is_the_readers_today():
    tokyo = Dates(ZoneInfo("Asia/Tokyo"), at("24 9:30"))
    assert tokyo.near(at("24 7:30")) == "Tue 10:30 pm"
    assert tokyo.near(at("24 9:20")) == "today 12:20 am"


@pytest.mark.parametrize("moment", [-1e18, -1.0, 1e18, 4e12])
def test_a_moment_outside_the_calendar_is_told_all_the_same(moment):
    assert TUESDAY.near(moment)
    assert TUESDAY.day(moment)


def test_names_are_enumerated_and_the_rest_counted():
    assert enumerated([]) == ""
    assert enumerated(["ICE"]) == "ICE"
    assert enumerated(["ICE", "Sanctuary", "Madison"]) == "ICE, Sanctuary and Madison"
    assert enumerated(list("abcdef"), limit=4) == "a, b, c and 3 more"


def test_texts_are_cut_at_words():
    assert cut("short", 10) == "short"
    assert cut("several words here", 14) == "several words…"
    assert cut("x" * 50, 10) == "x" * 9 + "…"
