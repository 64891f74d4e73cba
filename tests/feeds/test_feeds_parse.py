"""Whatever the bytes, a value comes back; and it is what the publisher meant."""

from __future__ import annotations

import base64
import csv
import dataclasses
import html
import json
import pyexpat
import tarfile
import time
from collections.abc import Iterator

import needs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.clock import FakeClock
from alerts.feeds.parse import parse
from alerts.model import Entry, FetchFailure, ParsedFeed

NOW = 1_795_503_600.0  # 2026-11-24 07:00 UTC
URL = "https://www.example.org/news/feed.xml"


def rss(items: str, head: str = "", declaration: str = '<?xml version="1.0"?>') -> str:
    return f'{declaration}<rss version="2.0"><channel><title>News</title><link>https://www.example.org/</link>{head}{items}</channel></rss>'


def atom(entries: str, head: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><id>urn:n</id>{head}{entries}</feed>'


ITEM = "<item><title>Raid in Madison</title><link>https://www.example.org/1</link><guid>1</guid></item>"


def feed(document: str | bytes, content_type: str = "application/xml") -> ParsedFeed:
    body = document.encode() if isinstance(document, str) else document
    parsed = parse(body, content_type, URL, now=NOW)
    assert isinstance(parsed, ParsedFeed), parsed
    return parsed


def entry(document: str | bytes, content_type: str = "application/xml") -> Entry:
    (one,) = feed(document, content_type).entries
    return one


def failure(document: str | bytes, content_type: str = "application/xml") -> FetchFailure:
    body = document.encode() if isinstance(document, str) else document
    parsed = parse(body, content_type, URL, now=NOW)
    assert isinstance(parsed, FetchFailure), parsed
    assert parsed.text.endswith(".")
    return parsed


# --- fields ----------------------------------------------------------------------------------


def test_an_rss_item_comes_with_all_it_says() -> None:
    parsed = feed(
        rss(
            """<item><title>Raid &amp; arrests</title><link>https://www.example.org/1?a=1&amp;b=2</link>
            <guid isPermaLink="false"> g 1 </guid><description>&lt;p&gt;Short&lt;/p&gt;</description>
            <content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/"><![CDATA[<p>Long text</p>]]></content:encoded>
            <dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">Ana</dc:creator>
            <category>ICE</category><category>Madison</category>
            <pubDate>Mon, 23 Nov 2026 10:00:00 EST</pubDate></item>""",
            "<ttl>90</ttl><language>en_US</language>",
        )
    )
    assert (parsed.title, parsed.lang, parsed.wishes.ttl_s, parsed.complete) == (
        "News",
        "en-us",
        5_400,
        True,
    )
    (one,) = parsed.entries
    assert one.title == "Raid & arrests"
    assert one.link == "https://www.example.org/1?a=1&b=2"
    assert one.guid == "g 1"
    assert (one.summary, one.content) == ("<p>Short</p>", "<p>Long text</p>")
    assert (one.author, one.tags) == ("Ana", ("ICE", "Madison"))
    assert one.published_at == 1_795_446_000.0


def test_an_atom_entry_says_what_is_text_and_what_is_markup() -> None:
    one = entry(
        atom(
            """<entry xml:lang="es"><title>R&amp;D &lt;b&gt; 5 &lt; 6</title><id>urn:1</id><link rel="self" href="https://x.example/self"/>
            <link href="../2026/raid"/><author><name>Ana</name></author><category term="ice" label="ICE"/>
            <summary type="html">&lt;p&gt;A &amp;amp; B&lt;/p&gt;</summary>
            <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>All of it</p></div></content>
            <published>2026-11-23T10:00:00-05:00</published><updated>2026-11-23T16:00:00Z</updated></entry>"""
        )
    )
    assert one.title == "R&amp;D &lt;b&gt; 5 &lt; 6"
    assert one.link == "https://www.example.org/2026/raid"
    assert one.summary == "<p>A &amp; B</p>"
    assert one.content == "<p>All of it</p>"
    assert (one.lang, one.author, one.tags) == ("es", "Ana", ("ice",))
    assert (one.published_at, one.updated_at) == (1_795_446_000.0, 1_795_449_600.0)


def test_content_that_repeats_the_summary_is_kept_once() -> None:
    one = entry(atom("<entry><title>A</title><id>1</id><content>Words</content></entry>"))
    assert (one.summary, one.content) == ("Words", "")


@pytest.mark.parametrize(
    ("markup", "link"),
    [
        ("<link>/a b</link>", "https://www.example.org/a%20b"),
        ("<link>\n  https://x.example/1\n</link>", "https://x.example/1"),
        ("<link>javascript:alert(1)</link>", None),
        ("<link>data:text/html,x</link>", None),
        ("<link>mailto:a@b.example</link>", None),
        ("<link>//x.example/1</link>", "https://x.example/1"),
        ("<link>http://[bad/</link>", None),
        ("<guid>https://x.example/2</guid>", "https://x.example/2"),
        ('<enclosure url="https://x.example/3.mp3" type="audio/mpeg"/>', "https://x.example/3.mp3"),
        ("", None),
    ],
)
def test_only_web_addresses_become_links_and_relative_ones_become_whole(
    markup: str, link: str | None
) -> None:
    one = entry(rss(f"<item><title>T</title>{markup}</item>"))
    assert one.link == link
    assert one.title == "T"


def test_a_guid_is_not_resolved_against_anything() -> None:
    assert entry(rss("<item><title>T</title><guid>item-7</guid></item>")).guid == "item-7"
    assert entry(atom("<entry><title>T</title><id>item 7</id></entry>")).guid == "item 7"


@pytest.mark.parametrize(
    ("written", "believed"),
    [
        ("Mon, 23 Nov 2026 10:00:00 CST", True),
        ("2026-11-23", True),
        ("Tue, 24 Nov 2026 07:14:00 GMT", True),
        ("Tue, 24 Nov 2026 07:16:00 GMT", False),
        ("Thu, 01 Jan 1970 00:00:00 GMT", False),
        ("-0001-11-30T00:00:00Z", False),
        ("0000-00-00", False),
        ("yesterday", False),
        ("", False),
        ("Sat, 31 Feb 2026 99:99:99 GMT", False),
        ("99999999999999999999", False),
    ],
)
def test_only_dates_that_can_be_true_are_believed(written: str, believed: bool) -> None:
    one = entry(rss(f"<item><title>T</title><pubDate>{written}</pubDate></item>"))
    assert (one.published_at is not None) is believed


def test_empty_items_are_dropped_and_counted() -> None:
    parsed = feed(rss("<item/><item><title> </title></item>" + ITEM))
    assert (len(parsed.entries), parsed.dropped) == (1, 2)


def test_an_item_with_one_thing_only_is_kept() -> None:
    for markup in (
        "<title>T</title>",
        "<description>D</description>",
        "<guid>g</guid>",
        "<link>https://x.example/</link>",
    ):
        assert entry(rss(f"<item>{markup}</item>"))


def test_a_feed_without_items_is_a_feed() -> None:
    assert feed(rss("")).entries == ()
    assert feed(atom("")).entries == ()


# --- encodings -------------------------------------------------------------------------------

WORDS = "Café “Wisconsin” ñ"


@pytest.mark.parametrize(
    ("document", "content_type"),
    [
        (rss(f"<item><title>{WORDS}</title></item>").encode(), "text/xml"),
        (rss(f"<item><title>{WORDS}</title></item>").encode(), "text/plain; charset=iso-8859-1"),
        (rss(f"<item><title>{WORDS}</title></item>").encode(), "text/html"),
        (rss(f"<item><title>{WORDS}</title></item>").encode(), "application/octet-stream"),
        (
            rss(
                f"<item><title>{WORDS}</title></item>",
                declaration='<?xml version="1.0" encoding="iso-8859-1"?>',
            ).encode(),
            "",
        ),
        (
            rss(
                f"<item><title>{WORDS}</title></item>",
                declaration='<?xml version="1.0" encoding="utf-8"?>',
            ).encode("cp1252"),
            "",
        ),
        (
            rss(
                f"<item><title>{WORDS}</title></item>",
                declaration='<?xml version="1.0" encoding="windows-1252"?>',
            ).encode("cp1252"),
            "text/xml",
        ),
        (
            rss(f"<item><title>{WORDS}</title></item>", declaration="").encode("cp1252"),
            "text/xml; charset=windows-1252",
        ),
        (
            rss(
                f"<item><title>{WORDS}</title></item>",
                declaration='<?xml version="1.0" encoding="utf-16"?>',
            ).encode("utf-16"),
            "",
        ),
        (
            rss(
                f"<item><title>{WORDS}</title></item>",
                declaration='<?xml version="1.0" encoding="utf-16"?>',
            ).encode("utf-16-be"),
            "",
        ),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + rss(f"<item><title>{WORDS}</title></item>").encode(), ""),
        (b"\n\n  " + rss(f"<item><title>{WORDS}</title></item>").encode(), ""),
        (
            b"<br />\n<b>Warning</b>: Undefined index in /x.php on line 1\n"
            + rss(f"<item><title>{WORDS}</title></item>").encode(),
            "",
        ),
        (
            rss(f"<item><title>{WORDS}</title></item>").encode()
            + b"\n<!-- x --><script>junk</script>",
            "",
        ),
        (rss("<item><title>\x00Caf\x0b\xe9 “Wisconsin” \x1fñ</title></item>").encode(), ""),
        (
            rss(
                "<item><title>Caf&#233; &#8220;Wisconsin&#8221; &#xF1;&#0;&#x1F;&#xD800;&#99999999999;</title></item>"
            ).encode(),
            "",
        ),
        (
            rss(
                "<item><title>Caf&eacute; &ldquo;Wisconsin&rdquo; &ntilde;</title></item>"
            ).encode(),
            "",
        ),
    ],
)
def test_every_way_to_write_the_words_gives_the_words(document: bytes, content_type: str) -> None:
    assert html.unescape(entry(document, content_type).title) == WORDS


def test_unescaped_ampersands_and_undefined_entities_are_survived() -> None:
    one = entry(
        rss(
            "<item><title>AT&T & Co&nbsp;raid</title><link>https://x.example/?a=1&b=2</link></item>"
        )
    )
    assert html.unescape(one.title) == "AT&T & Co\xa0raid"
    assert one.link == "https://x.example/?a=1&b=2"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ICE 2 and AT&T, R&D: Q&A", "ICE 2 and AT&T, R&D: Q&A"),
        ("Q&A; AT&T;", "Q&A; AT&T;"),
        ("AT&amp;T & R&D", "AT&T & R&D"),
        ("A &amp;amp; B & C", "A &amp; B & C"),
        ("A &amp;lt;b&amp;gt; & C", "A &lt;b&gt; & C"),
        ("<![CDATA[AT&T &amp; x]]> & y", "AT&T &amp; x & y"),
        ("<!-- a & b -->R&D", "R&D"),
        ("R&D &#38; &#x26;", "R&D & &"),
        ("& &; &# &#; &#x; &", "& &; &# &#; &#x; &"),
        ("Caf&eacute; AT&T", "Café AT&T"),
        ("&nbsp; AT&T, Q&A", "AT&T, Q&A"),
        ("R&D &own;", "R&D words"),
    ],
)
def test_a_headline_with_bare_ampersands_is_told_as_it_was_written(
    written: str, meant: str
) -> None:
    declared = '<!DOCTYPE rss [<!ENTITY own "words">]>'
    link = "<link>https://x.example/?a=1&b=2&copy=3&lt=4</link>"
    one = entry(rss(f"<item><title>{written}</title>{link}</item>", declaration=declared))
    assert one.title.strip() == meant
    assert one.link == "https://x.example/?a=1&b=2&copy=3&lt=4"


def test_a_well_formed_document_keeps_its_references_as_they_are() -> None:
    one = entry(rss("<item><title>AT&amp;T &amp;amp; R&amp;D</title></item>"))
    assert one.title == "AT&T &amp; R&D"


# --- what is no feed -------------------------------------------------------------------------


def test_a_web_page_is_told_as_one_with_the_feeds_it_names() -> None:
    page = """<!DOCTYPE html><html><head><link rel="alternate stylesheet" href="/x.css">
    <link type="application/rss+xml" rel='alternate' title="All" href="/all/feed?a=1&amp;b=2">
    <link rel=alternate type=application/atom+xml href=https://x.example/atom></head></html>"""
    told = failure(page, "text/html")
    assert told.kind == "not_a_feed"
    assert told.text == "It answers with a web page instead of a feed."
    assert (
        told.hint
        == "The page names a feed: https://www.example.org/all/feed?a=1&b=2 or https://x.example/atom"
    )


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<html><title>Just a moment...</title>", "human"),
        ('<html><form><input name=p type="password"></form>', "login"),
        ("<html>We value your privacy: cookie consent", "consent"),
        ("<html><body>Hello", "browser"),
        ("Plain words", "browser"),
        ("%PDF-1.4", "browser"),
        ('<?xml version="1.0"?><urlset><url/></urlset>', "browser"),
        ('{"error": "none"}', "browser"),
        ("[1, 2]", "browser"),
    ],
)
def test_what_stands_in_a_feeds_place_is_recognised(page: str, words: str) -> None:
    told = failure(page, "text/html")
    assert told.kind == "not_a_feed"
    assert words in told.text + told.hint


def test_a_feed_behind_an_html_doctype_is_a_feed() -> None:
    assert entry("<!DOCTYPE html>" + rss(ITEM, declaration="")).guid == "1"


@pytest.mark.parametrize("document", ["", "  \n", "\ufeff", "\x00\x01"])
def test_an_empty_document_is_an_error_of_its_own(document: str) -> None:
    assert failure(document).kind == "empty"


@pytest.mark.parametrize(
    "document",
    [
        "<rss><<<",
        "<rss><channel><title>T</title",
        "<feed>&bad;</x>",
        "<rss>" + "<a>" * 50_000,
        "<rss>" + "<a>" * 50_000 + "</a>" * 50_000 + "</rss>",
    ],
)
def test_what_cannot_be_read_is_malformed_within_two_seconds(document: str) -> None:
    began = time.process_time()
    assert failure(document).kind == "malformed"
    assert time.process_time() - began < 20


# --- attacks ---------------------------------------------------------------------------------

BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
SUBSETS = {
    "bomb": f'<!ENTITY e0 "lol">{BOMB}',
    "two levels": '<!ENTITY a "x"><!ENTITY b "&a;&a;">',
    "single quotes": "<!ENTITY a 'x'><!ENTITY b '&a;&a;'>",
    "hidden by a bracket": '<!ENTITY c "]"><!ENTITY a "x"><!ENTITY b "&a;&a;">',
    "external": '<!ENTITY a SYSTEM "file:///etc/passwd">',
    "public": '<!ENTITY a PUBLIC "x" "http://127.0.0.1/">',
    "parameter": '<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd">%p;',
    "escaped reference": '<!ENTITY a "x"><!ENTITY b "&#38;a;">',
    "long": f'<!ENTITY a "{"x" * 5_000}"><!ENTITY b "y">',
    "long comment first": f'<!-- {"x" * 5_000} --><!ENTITY a "y">',
}


@pytest.mark.parametrize("name", SUBSETS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7"])
def test_entities_that_attack_are_refused_in_every_encoding(name: str, encoding: str) -> None:
    document = (
        f'<?xml version="1.0" encoding="{encoding}"?><!-- x --><!DOCTYPE rss [{SUBSETS[name]}]>'
        + rss("<item><title>&b;&a;&e9;</title></item>", declaration="")
    )
    body = document.encode(encoding)
    if encoding == "utf-7":
        body = document.replace("<!", "+ADwAIQ-").encode()
    assert failure(body, "").kind == "entities"


def test_harmless_document_types_are_accepted() -> None:
    for doctype in (
        '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/rss.dtd">',
        '<!DOCTYPE rss [<!ENTITY pi "3.14">]>',
        "<!DOCTYPE rss>",
    ):
        assert entry(doctype + rss(ITEM, declaration="")).guid == "1"


def test_an_article_about_doctypes_is_no_attack() -> None:
    assert (
        entry(
            rss(
                '<item><title>T</title><description><![CDATA[<!DOCTYPE x [ <!ENTITY a "&b;"> ]>]]></description></item>'
            )
        ).title
        == "T"
    )


SQUARES = {
    "attributes": "<a " + " ".join(f'a{n}="1"' for n in range(20_000)) + "/>",
    "categories": "".join(f"<category>{n}</category>" for n in range(15_000)),
    "a long author": "<author>" + "a" * 200_000 + "@</author>",
    "an author in pieces": "<author>" + ("a" * 199 + "<!-- -->") * 1_000 + "</author>",
    "blanks in a title": "<title>" + " " * 200_000 + "x</title>",
    "blanks in a date": "<pubDate>" + " " * 200_000 + "x</pubDate>",
    "unclosed tags": "<a " * 60_000,
    "unclosed quotes": "<a b='\"" * 40_000,
    "references": "<title>" + "&#x" * 100_000 + "</title>",
}


@pytest.mark.parametrize("name", SQUARES)
def test_nothing_in_an_item_costs_the_square_of_its_size(name: str) -> None:
    began = time.process_time()
    parse(rss(f"<item><title>T</title>{SQUARES[name]}</item>").encode(), "", URL, now=NOW)
    assert time.process_time() - began < 20


def test_more_elements_than_any_feed_has_are_refused() -> None:
    assert (
        "more elements"
        in failure(rss("<item><title>T</title>" + "<a/>" * 100_001 + "</item>")).text
    )


def test_blanks_before_the_root_cost_nothing() -> None:
    assert (
        entry("<!-- x --><!DOCTYPE rss>" + "\n" * 200_000 + rss(ITEM, declaration="")).guid == "1"
    )


def test_expat_bounds_what_entities_may_grow_to() -> None:
    assert pyexpat.version_info >= (2, 4, 1)


@pytest.mark.parametrize(
    "inner",
    [
        "<!--" * 80_000,
        "<b>" * 100_000,
        "&" * 300_000,
        "<![CDATA[" * 30_000,
        "]]>" * 100_000,
        "x" * 2_000_000,
        "<!" * 100_000,
        "&lt;!--" * 40_000,
    ],
)
def test_no_text_costs_more_than_two_seconds(inner: str) -> None:
    began = time.process_time()
    parsed = parse(
        rss(f"<item><title>T</title><description>{inner}</description></item>").encode(),
        "",
        URL,
        now=NOW,
    )
    assert time.process_time() - began < 20
    if isinstance(parsed, ParsedFeed):
        assert all(len(one.summary) <= 1_000_000 for one in parsed.entries)


# --- cut short -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["rss", "atom", "rdf"])
def test_a_document_that_breaks_off_gives_its_whole_entries_only(form: str) -> None:
    items = [
        f"<item><title>Story {n}</title><guid>{n}</guid><description>Text {n}</description></item>"
        for n in range(3)
    ]
    if form == "atom":
        items = [
            f"<entry><title>Story {n}</title><id>{n}</id><summary>Text {n}</summary></entry>"
            for n in range(3)
        ]
    whole = rss("".join(items)) if form == "rss" else atom("".join(items))
    if form == "rdf":
        whole = (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel><title>News</title></channel>'
            + "".join(items)
            + "</rdf:RDF>"
        )
    assert feed(whole).complete
    for length in range(whole.index(items[1]) + 5, len(whole) - 7, 3):
        part = whole[:length]
        parsed = feed(part)
        expected = part.count("</entry>" if form == "atom" else "</item>")
        assert not parsed.complete
        assert [one.title for one in parsed.entries] == [f"Story {n}" for n in range(expected)]
        assert all(one.summary.startswith("Text") for one in parsed.entries)


# --- JSON Feed -------------------------------------------------------------------------------


def test_a_json_feed_comes_with_all_it_says() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1", "title": "News & more", "language": "en-US",
        "items": [
            {"id": 7, "url": "/raid", "title": "A < B", "content_html": "<p>Long</p>", "summary": "Short", "authors": [{"name": "Ana"}, {"name": "Ben"}], "tags": ["ICE", 3], "date_published": "2026-11-23T10:00:00-05:00", "language": "ES"},
            {"id": "8", "external_url": "https://x.example/8", "content_text": "Just \ud800 <text>\x00", "author": {"name": "Cy"}, "date_modified": "2026-11-23T15:00:00Z"},
            {}, "junk", {"id": None, "title": 5},
        ],
    }  # fmt: skip
    parsed = feed(json.dumps(document))
    assert (parsed.title, parsed.lang, parsed.dropped) == ("News &amp; more", "en-us", 3)
    one, two = parsed.entries
    assert (one.guid, one.link, one.title) == ("7", "https://www.example.org/raid", "A &lt; B")
    assert (one.summary, one.content, one.author) == ("Short", "<p>Long</p>", "Ana, Ben")
    assert (one.tags, one.published_at, one.lang) == (("ICE",), 1_795_446_000.0, "es")
    assert (two.link, two.summary, two.author) == (
        "https://x.example/8",
        "Just  &lt;text&gt;",
        "Cy",
    )
    assert two.published_at == two.updated_at == 1_795_446_000.0


def test_of_a_very_long_json_feed_the_first_items_are_read():
    parsed = feed(json.dumps({"items": [{"id": n, "title": f"T{n}"} for n in range(2_003)]}))
    assert (len(parsed.entries), parsed.dropped, parsed.left_out) == (2_000, 0, 3)


@pytest.mark.parametrize(
    "document",
    [
        '{"items": [',
        "{" * 100_000,
        "[" * 100_000,
        '{"items": [{"id": 1e999, "date_published": 5}, {"id": ' + "9" * 5_000 + "}]}",
    ],
)
def test_broken_json_is_a_value_too(document: str) -> None:
    assert failure(document, "application/feed+json").kind == "malformed"


@pytest.mark.parametrize("link", ["http://[bad/", "javascript:x", 5, None])
def test_a_json_item_with_a_bad_link_keeps_its_text(link: object) -> None:
    one = entry(json.dumps({"items": [{"id": "1", "title": "T", "url": link}]}))
    assert (one.title, one.link) == ("T", None)


def test_bytes_that_no_label_explains_are_still_read() -> None:
    assert (
        entry(
            rss(ITEM, declaration='<?xml version="1.0" encoding="nonsense"?>').encode()
            + b"\xff\x81"
        ).guid
        == "1"
    )


# --- everything else -------------------------------------------------------------------------

SEEDS = [
    rss(ITEM * 3, "<ttl>5</ttl>"),
    atom(
        '<entry><title type="html">A</title><id>1</id><link href="/x"/><updated>2026-11-23T10:00:00Z</updated></entry>'
        * 2
    ),
    json.dumps({"items": [{"id": "1", "url": "/x", "date_published": "2026-11-23"}]}),
]
PIECES = [b"<", b">", b"&", b"&#xD800;", b"&#99999999999;", b"<item>", b"</item>", b"<![CDATA[", b"]]>", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"<!DOCTYPE x [", b"<!ENTITY a 'b'>", b'"', b"xmlns:a=", b"<a:b>", b"<?xml encoding='utf-7'?>", b"-9999", b"<feed>", b"</rss>", b"<content type='application/octet-stream' mode='base64'>", b"<link href='http://['/>", b"<guid isPermaLink='x'>", b"<media:content url='x'>", b"<georss:point>1</georss:point>", b"<gml:pos>x</gml:pos>", b"<itunes:duration>x"]  # fmt: skip


@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 20), st.sampled_from(PIECES)),
        min_size=1,
        max_size=6,
    ),
)
@settings(deadline=None)
def test_a_damaged_document_is_a_value_in_time(
    seed: str, damages: list[tuple[int, int, bytes]]
) -> None:
    body = seed.encode()
    for place, length, piece in damages:
        at = place % (len(body) + 1)
        body = body[:at] + piece + body[at + length :]
    _check_value(body)


HALVES = st.text(st.sampled_from("a1 /:?&#;<>\\\0\x0b\ud83d\udc4d\ude00é"), max_size=12)


def texts_of(value: object) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, ParsedFeed | Entry):
        for field in dataclasses.fields(value):
            yield from texts_of(getattr(value, field.name))


def check_storable(document: str | bytes) -> None:
    body = document if isinstance(document, bytes) else document.encode("utf-8", "surrogatepass")
    found = parse(body, "", URL, now=NOW)
    for text in texts_of(found):
        text.encode()
        assert "\0" not in text


def test_half_a_character_in_a_json_link_is_left_out() -> None:
    document = {"items": [{"id": "\ud83d", "url": "https://x.example/\ud83d\0", "title": "T"}]}
    one = entry(json.dumps(document), "application/feed+json")
    assert (one.link, one.guid) == ("https://x.example/", None)


@given(
    st.dictionaries(
        st.sampled_from(["id", "url", "external_url", "title", "summary", "content_html", "content_text", "language", "date_published", "tags", "authors", "author"]),
        HALVES | st.lists(HALVES, max_size=3) | st.builds(lambda t: {"name": t}, HALVES) | st.lists(st.builds(lambda t: {"name": t}, HALVES), max_size=2) | HALVES.map(lambda t: f"https://x.example/{t}"),
    ),
    HALVES,
)  # fmt: skip
def test_no_json_feed_can_hold_what_a_database_refuses(item: dict[str, object], text: str) -> None:
    check_storable(json.dumps({"title": text, "language": text, "items": [item]}))


@given(
    st.sampled_from(["{}", "&#xD83D;{}", "<![CDATA[{}]]>", "&amp;#55357;{}", "&#55357{}", "<b>{}"]),
    HALVES,
    st.sampled_from(['type="html"', 'type="xhtml"', 'type="application/octet-stream"', 'mode="base64"']),
)  # fmt: skip
def test_no_xml_feed_can_hold_what_a_database_refuses(form: str, text: str, kind: str) -> None:
    words = form.format(text)
    coded = base64.b64encode(text.encode("utf-8", "surrogatepass") + b"\0").decode()
    fields = "".join(f"<{name}>{words}</{name}>" for name in ("title", "id", "author", "summary"))
    extra = f'<link href="https://x.example/{words}"/><category term="{words}"/><content {kind}>{coded}</content>'
    check_storable(atom(f"<entry xml:lang='{text}'>{fields}{extra}</entry>"))
    names = ("title", "guid", "link", "description", "category", "author", "pubDate")
    check_storable(rss("<item>" + "".join(f"<{n}>{words}</{n}>" for n in names) + "</item>"))


@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_bytes_are_a_value(body: bytes, content_type: str) -> None:
    parse(body, content_type, URL, now=NOW)
    parse(b"<rss><item><title>" + body, content_type, URL, now=NOW)


def _check_value(body: bytes) -> None:
    began = time.process_time()
    parsed = parse(body, "", URL, now=NOW)
    assert time.process_time() - began < 20
    if isinstance(parsed, FetchFailure):
        return
    for one in parsed.entries:
        assert one.link is None or one.link.lower().startswith(("http://", "https://"))
        one.title.encode()
        (one.summary + one.content).encode()


# --- real feeds ------------------------------------------------------------------------------

#: Files that we read otherwise than feedparser alone does, and why.
TOLD_APART = {
    "tests_wellformed_cdf_item_lastmod.xml": "its only item is empty",
    "testdata_parser_atom_atom10_feed_entry_source_title_html_escaped_markup.xml": "broken, nameless",
    "testdata_parser_atom_atom10_feed_entry_source_title_text.xml": "broken, nameless",
    "testdata_translator_rss_feed_item_image_-_rss_channel_item_content.xml": "broken, nameless",
    "tests_integration_osm-pl.xml": "cut in the middle of its last item",
    "tests_data_feed-utf16le.xml": "UTF-16 without a mark, which feedparser misses",
}


def _real() -> Iterator[tuple[str, bytes, str]]:
    """Yield (name, body, number of entries that feedparser finds or "")."""
    with needs.shared("feeds_manifest_dev.tsv").open(encoding="utf-8", newline="") as lines:
        counts = {
            row["file"]: row["fp_entries"]
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        }
    with tarfile.open(needs.shared("feeds_dev.tar.gz")) as archive:
        for member in archive:
            name = member.name.partition("/")[2]
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and name in counts:
                yield name, file.read(), counts[name]


def test_every_real_feed_gives_the_entries_that_feedparser_finds() -> None:
    other = []
    for name, body, count in _real():
        parsed = parse(body, "", URL, now=NOW)
        found = len(parsed.entries) + parsed.dropped if isinstance(parsed, ParsedFeed) else 0
        if (
            count
            and found != int(count)
            and not name.endswith(".json")
            and name.rpartition("/")[2] not in TOLD_APART
        ):
            other.append((name, count, found))
    assert not other


def test_real_feeds_that_are_damaged_are_values_in_time() -> None:
    clock = FakeClock(seed=7)

    def dice(sides: int) -> int:
        return int(clock.random() * sides)

    bodies = [body for _, body, count in _real() if count and len(body) < 30_000]
    for _ in range(150):
        damaged = bytearray(bodies[dice(len(bodies))])
        for _ in range(1 + dice(8)):
            at = dice(len(damaged) + 1)
            damaged[at : at + dice(31)] = [*PIECES, bytes([dice(256)])][dice(len(PIECES) + 1)]
        _check_value(bytes(damaged))
