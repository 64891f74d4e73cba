"""Claims about documents of which only new items are read; the whole corpus of real and odd ones."""

from __future__ import annotations

import dataclasses
from email.utils import formatdate

import pytest
from bodies import bodies

from alerts.feeds.cut import MAX_ITEMS, take_apart
from alerts.feeds.parse import parse
from alerts.model import ParsedFeed

NOW = 1_795_503_600.0
URL = "https://n.example/feed"

RSS = (
    '<rss version="2.0"><channel><title>News</title><lastBuildDate>{stamp}</lastBuildDate>\n'
    "{items}\n</channel></rss>"
)


def item(number: int, text: str = "") -> str:
    return f"<item><title>Story {number}</title><guid>g{number}</guid>{text}</item>"


def rss(*items: str, stamp: str = "Mon, 02 Nov 2026 08:00:00 GMT") -> bytes:
    return RSS.format(stamp=stamp, items="\n".join(items)).encode()


def read(body: bytes, known=frozenset(), url: str = URL) -> ParsedFeed:
    found = parse(body, "application/rss+xml", url, now=NOW, known=known)
    assert isinstance(found, ParsedFeed)
    return found


def titles(feed: ParsedFeed) -> list[str]:
    return [entry.title for entry in feed.entries]


def test_only_items_that_are_not_known_are_read_and_the_channel_as_ever():
    before = read(rss(item(1), item(2)))
    after = read(rss(item(3), item(1), item(2), stamp="later"), before.digests)
    assert titles(after) == ["Story 3"]
    assert after.digests[1:] == before.digests
    assert after.title == "News"


def dated(number: int) -> str:
    return item(number, f"<pubDate>{formatdate(NOW - 60 * number)}</pubDate>")


@pytest.mark.parametrize("step", [1, -1])
def test_of_a_very_long_document_the_newest_items_are_read_wherever_they_stand(step: int):
    before = read(rss(*[dated(n) for n in range(MAX_ITEMS + 5)][::step]))
    assert titles(before) == [f"Story {n}" for n in range(MAX_ITEMS)]
    assert before.left_out == 5
    after = read(rss(*[dated(n) for n in range(-1, MAX_ITEMS + 5)][::step]), before.digests)
    assert titles(after) == ["Story -1"]
    assert after.left_out == 6


def test_five_megabytes_of_a_very_long_document_are_read():
    text = f"<description>{'word ' * 60_000}</description>"
    found = read(rss(*[item(n, text) for n in range(20)]))
    assert titles(found) == [f"Story {n}" for n in range(16)]
    assert found.left_out == 4


def test_an_edited_item_is_read_again():
    before = read(rss(item(1), item(2)))
    after = read(rss(item(1), item(2, "<description>Corrected</description>")), before.digests)
    assert titles(after) == ["Story 2"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<title>News</title>", "<title>Other news</title>"),
        ('version="2.0"', 'version="2.0" xml:lang="es"'),
        ("</channel></rss>", "<link>https://n.example/</link></channel></rss>"),
    ],
)
def test_what_changes_around_the_items_makes_all_of_them_unknown(old, new):
    before = read(rss(item(1), item(2)))
    after = read(rss(item(1), item(2)).replace(old.encode(), new.encode()), before.digests)
    assert titles(after) == ["Story 1", "Story 2"]


def test_the_same_document_at_another_address_is_read_whole_since_links_in_it_mean_others():
    before = read(rss(item(1, "<link>/a</link>")))
    after = read(rss(item(1, "<link>/a</link>")), before.digests, url="https://m.example/feed")
    assert after.entries[0].link == "https://m.example/a"


@pytest.mark.parametrize(
    "items",
    [
        [item(1), "and a word between", item(2)],
        [item(1), "<!-- <item><title>Hidden</title></item> -->", item(2)],
        [item(1), "<item><title>Outer</title><item><title>Inner</title></item></item>"],
        [item(1), '<item xml:base="https://m.example/"><title>A</title></item>'],
        [item(1), "<item/>"],
        [item(1), item(2).replace("</item>", "</item >")],
        [item(1), item(2).replace("</item>", "")],
    ],
)
def test_what_is_not_plainly_whole_items_side_by_side_is_not_taken_apart(items):
    assert read(rss(*items)).digests == ()


def test_an_item_in_a_text_is_no_item():
    hidden = item(2, "<description><![CDATA[</item><item><title>Fake</title>]]></description>")
    before = read(rss(item(1), hidden))
    assert len(before.digests) == 2
    assert titles(read(rss(item(3), item(1), hidden), before.digests)) == ["Story 3"]
    assert titles(read(rss(item(1), hidden), before.digests[:1])) == ["Story 2"]


def test_a_document_that_is_not_well_formed_is_read_whole_as_long_as_it_is_not():
    broken = read(rss(item(1, "<description>AT&T</description>"), item(2)))
    assert broken.digests == ()
    well = read(rss(item(1), item(2)))
    again = read(rss(item(3, "<b>"), item(1), item(2)), well.digests)
    assert again.digests == ()
    assert {"Story 1", "Story 2", "Story 3"} <= set(titles(again))


def test_an_entry_whose_date_lies_ahead_is_read_again_until_its_date_is_believed():
    ahead = item(1, "<pubDate>Thu, 01 Jan 2099 00:00:00 GMT</pubDate>")
    assert read(rss(ahead, item(2))).digests == ()


def test_a_document_without_an_item_that_is_new_gives_no_entry():
    before = read(rss(item(1), item(2)))
    after = read(rss(item(2), item(1), stamp="later"), before.digests)
    assert after.entries == ()
    assert after.digests == before.digests[::-1]


def test_every_document_of_the_corpus_gives_the_same_entries_cut_as_whole():
    taken_apart = compared = 0
    for name, _, body in bodies():
        whole = parse(body, "", URL, now=NOW)
        if not isinstance(whole, ParsedFeed) or not whole.digests:
            continue
        taken_apart += 1
        places = range(len(whole.digests))
        some = frozenset(at for at in places if at * 7 % 10 < 7)
        for kept in {some, frozenset(places[1:])}:
            known = {whole.digests[at] for at in kept}
            unknown = tuple(
                entry
                for entry, digest in zip(whole.entries, whole.digests, strict=True)
                if digest not in known
            )
            cut = parse(body, "", URL, now=NOW, known=known)
            compared += 1
            assert cut == dataclasses.replace(whole, entries=unknown), name
    assert taken_apart > 600
    assert compared > 900


def test_the_digest_of_an_item_is_its_own_wherever_it_stands():
    first = take_apart(rss(item(1), item(2)), URL)
    second = take_apart(rss(item(2), item(1)), URL)
    assert first is not None
    assert second is not None
    assert first.digests == second.digests[::-1]
