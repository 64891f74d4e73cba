"""Claims about `feeds.articles`: the text of an article's page, whatever the page is."""

from __future__ import annotations

from alerts.clock import FakeClock
from alerts.feeds import articles
from alerts.feeds.apart import Reader
from alerts.model import FetchedBody, FetchFailure, Validators
from alerts.plain import plain_text

STORY = "".join(
    f"<p>Paragraph {n} of what the council said, with a &lt;tag&gt; &amp; more.</p>"
    for n in range(9)
)
PAGE = (
    "<!doctype html><html><head><title>T</title><script>var ice = 1;</script></head><body>"
    "<nav><a href='/s'>Sports</a></nav><article><h1>Story</h1>"
    f"{STORY}</article><footer>Imprint and contact</footer></body></html>"
)
PIECES = [
    *(b"<", b">", b"\0", b"&#0;", b"&#xD800;", b"&#99999999999;", b"<![CDATA[", b"<!--", b"<svg>"),
    *(b"\xff", b"</body>", b"<table><tr>", b"<script>", b"<base href='http://[::1'>"),
    b"<?xml version='1.0' encoding='utf-16'?>",
]


def answer(body: bytes, kind: str = "text/html; charset=utf-8") -> FetchedBody:
    return FetchedBody(200, body, kind, Validators(), "https://n.example/a")


def test_the_article_is_read_without_what_stands_around_it_and_nothing_becomes_markup() -> None:
    found = articles.text_in(answer(PAGE.encode()))
    assert isinstance(found, str)
    text = plain_text(found)
    assert "Paragraph 8 of what the council said, with a <tag> & more." in text
    assert not [word for word in ("Sports", "Imprint", "var ice") if word in text]


def test_a_page_without_text_is_said_to_have_none() -> None:
    found = articles.text_in(answer(b"<html><body><img src='x'></body></html>"))
    assert isinstance(found, FetchFailure)
    assert found.kind == "empty"


def test_damaged_pages_are_values_that_a_database_can_keep() -> None:
    dice = FakeClock(seed=11)
    for _ in range(200):
        page = bytearray(PAGE.encode())
        for _ in range(1 + int(dice.random() * 9)):
            at = int(dice.random() * len(page))
            page[at : at + int(dice.random() * 30)] = PIECES[int(dice.random() * len(PIECES))]
        found = articles.text_in(answer(bytes(page)))
        if isinstance(found, str):
            assert "\0" not in found
            assert found.encode()


def test_a_page_that_costs_too_much_is_given_up() -> None:
    found = Reader(1, work_s=0.3).article(answer(b"<body>" + b"<a href=x>y</a>" * 300_000))
    assert isinstance(found, FetchFailure)
    assert found.kind == "malformed"
