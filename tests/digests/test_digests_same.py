"""Claims about the first form of a story: the same headline or page within three days."""

from __future__ import annotations

from dataclasses import replace

import pytest
from digest_cases import RADIO, WIRE, alert

from alerts.digests.same import together

TITLE = "ICE agents detain two men outside Park Street market"


def test_the_same_headline_of_another_outlet_is_the_same_story_and_the_earliest_leads():
    radio = alert(1, f"{TITLE.upper()} – {RADIO}", "24 6:31", outlet=RADIO, rules=("madison",))
    courier = alert(2, TITLE, "24 6:12")
    (one,) = together([radio, courier])
    assert one.entry_id == 2
    assert [outlet.name for outlet in one.outlets] == ["Dane County Courier", RADIO]
    assert [match.rule for match in one.matches] == ["ice", "madison"]


def test_the_same_page_under_other_headlines_is_the_same_story():
    link = "https://wire.example/park-street"
    one = alert(1, "Two men detained", "24 6:12", outlet=WIRE, link=f"{link}?utm_source=rss")
    other = alert(2, "Market scene", "24 6:31", outlet=RADIO, link=link)
    assert len(together([one, other])) == 1


@pytest.mark.parametrize(
    ("title", "day"), [("Police blotter", "24 6:31"), (TITLE, "28 6:31"), (f"{TITLE}s", "24 6:31")]
)
def test_a_short_headline_another_one_or_three_days_are_no_story(title: str, day: str):
    first = title if title != f"{TITLE}s" else TITLE
    assert len(together([alert(1, first, "24 6:12"), alert(2, title, day, outlet=RADIO)])) == 2


def test_a_front_page_is_no_page_of_a_story():
    front = "https://wire.example/"
    one = alert(1, "Two men detained", "24 6:12", outlet=WIRE, link=front)
    assert (
        len(together([one, replace(one, entry_id=2, entry=replace(one.entry, title="Snow"))])) == 2
    )


def test_what_was_sent_as_urgent_stays_alone():
    one, other = alert(1, TITLE, "24 6:12"), alert(2, TITLE, "24 6:31", outlet=RADIO)
    assert len(together([replace(one, urgent_at=1.0), other])) == 2


def test_three_outlets_are_one_story():
    found = [alert(n, TITLE, f"24 6:1{n}", outlet=o) for n, o in enumerate((RADIO, WIRE, "Post"))]
    (one,) = together(found)
    assert len(one.outlets) == 3


def test_a_headline_that_one_outlet_writes_twice_is_two_stories():
    assert len(together([alert(1, TITLE, "24 6:12"), alert(2, TITLE, "24 6:31")])) == 2
