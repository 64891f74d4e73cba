"""The fingerprint hides date stamps and never an entry."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.fingerprint import fingerprint

RSS = """<?xml version="1.0"?><!-- made {0} --><rss><channel><title>News</title>
<pubDate>{0}</pubDate><lastBuildDate>{0}</lastBuildDate><item><title>A</title><pubDate>{1}</pubDate>
<!-- {1} --></item><item><title>B</title></item>{2}</channel></rss><!-- cached at {0} -->"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><updated>{0}</updated><entry><title>A</title>
<updated>{1}</updated></entry>{2}</feed>"""
RDF = """<rdf:RDF><channel rdf:about="x"><dc:date>{0}</dc:date><items><rdf:Seq/></items></channel>
<item rdf:about="1"><dc:date>{1}</dc:date></item>{2}</rdf:RDF>"""


@pytest.mark.parametrize("form", [RSS, ATOM, RDF])
def test_another_date_stamp_of_the_channel_changes_nothing(form: str) -> None:
    before, after = form.format("Mon", "x", ""), form.format("Tuesday", "x", "")
    assert before != after
    assert fingerprint(before.encode()) == fingerprint(after.encode())


@pytest.mark.parametrize("form", [RSS, ATOM, RDF])
@pytest.mark.parametrize(
    "added",
    [
        "<item><title>C</title></item>",
        "<entry><updated>x</updated></entry>",
        "<ITEM/>",
        "<x:item>",
        "<item",
        "<title>x</title>",
    ],
)
def test_any_change_of_entries_changes_it(form: str, added: str) -> None:
    base = fingerprint(form.format("Mon", "x", "").encode())
    assert fingerprint(form.format("Mon", "y", "").encode()) != base
    assert fingerprint(form.format("Mon", "x", added).encode()) != base


def test_the_title_of_the_channel_counts() -> None:
    assert fingerprint(b"<rss><title>A</title><item/></rss>") != fingerprint(
        b"<rss><title>B</title><item/></rss>"
    )


def test_documents_without_entries_are_hashed_whole() -> None:
    for one, two in (
        (b"", b" "),
        (b'{"items": []}', b'{"items": [1]}'),
        (b"<rss><pubDate>1</pubDate></rss>", b"<rss><pubDate>2</pubDate></rss>"),
    ):
        assert fingerprint(one) != fingerprint(two)


WORDS = st.lists(
    st.sampled_from(
        [
            "<item>",
            "</item>",
            "<entry>",
            "</entry>",
            "<pubDate>",
            "</pubDate>",
            "<!--",
            "-->",
            "a",
            "b",
            "<updated>1</updated>",
            "<!-- x -->",
        ]
    ),
    max_size=10,
)


@given(WORDS, WORDS)
def test_what_stands_between_first_and_last_entry_is_never_hidden(
    one: list[str], two: list[str]
) -> None:
    form = "<rss><pubDate>1</pubDate><item>{}</item></rss>"
    a, b = form.format("".join(one)).encode(), form.format("".join(two)).encode()
    assert (fingerprint(a) == fingerprint(b)) == (a == b) or _tail(a) != a or _tail(b) != b


def _tail(body: bytes) -> bytes:
    """The part that must not be hidden, cut where a date or a comment follows the last entry."""
    return body[: max(body.rfind(b"</item>"), body.rfind(b"</entry>"))]


@pytest.mark.parametrize("noise", ["<!--", "<date ", "<date>", "<!---", "<a:", "<item", "<"])
def test_nothing_before_the_first_entry_costs_the_square_of_its_size(noise: str) -> None:
    began = time.process_time()
    fingerprint(b"<rss>" + noise.encode() * 250_000 + b"<item>")
    assert time.process_time() - began < 3
