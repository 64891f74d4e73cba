"""What a document says of how often it wants to be asked."""

from __future__ import annotations

import pytest

from alerts.feeds.wishes import read
from alerts.model import Wishes

ITEM = "<item><title>{}</title></item>"


def channel(inside: str, after: str = "") -> str:
    return f"<rss><channel>{inside}{ITEM.format('A')}{ITEM.format('B')}{after}</channel></rss>"


@pytest.mark.parametrize("ttl", ["60", " 60 "])
def test_ttl_is_whole_minutes(ttl: str) -> None:
    assert read(channel(""), ttl) == Wishes(ttl_s=3_600)


@pytest.mark.parametrize("ttl", [None, "", "0", "-5", "1.5", "soon", "٦٠", 60])
def test_what_is_no_number_of_minutes_is_no_wish(ttl: object) -> None:
    assert read(channel(""), ttl) == Wishes()


def test_an_absurd_ttl_is_a_very_long_one() -> None:
    assert (read(channel(""), "9" * 400).ttl_s or 0) > 86_400


def test_hours_and_days_to_skip_are_read_wherever_they_stand_in_the_channel() -> None:
    hours = "<skipHours>\n<hour>07</hour><hour> 8 </hour><hour>24</hour><hour>99</hour></skipHours>"
    days = "<skipDays><day>Saturday</day><day>sunday</day><day>Feierabend</day></skipDays>"
    wanted = Wishes(skip_hours=(0, 7, 8), skip_days=(5, 6))
    assert read(channel(hours + days), None) == wanted
    assert read(channel(hours, after=days), None) == wanted


def test_an_article_about_feeds_is_no_wish() -> None:
    told = ITEM.format("<skipHours><hour>1</hour></skipHours>")
    assert read(channel("", after=told), None) == Wishes()
    assert read(f"<rss><channel>{told}{told}</channel></rss>", None) == Wishes()
