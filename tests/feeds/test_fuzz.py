"""Damaged feeds through parser, rules and every form of a digest: no exception, no harm, no delay.

`make test` runs ten thousand, `make soak` a million. The feeds are small real ones where
../shared is, else our own; each is damaged a few times by bytes, pieces of markup, cuts, copies
of its own parts, parts of others, and other encodings.
"""

from __future__ import annotations

import csv
import email.policy
import json
import re
import tarfile
import time
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import needs
import pytest
from digest_cases import ANA, NOW, morning

from alerts.clock import FakeClock
from alerts.delivery.compose import compose
from alerts.delivery.transport import DeliveryHead, Envelope
from alerts.digests.render import MailContext, Renderer
from alerts.feeds.parse import parse
from alerts.model import Alert, Article, Entry, Feed, FetchFailure, Match, Outlet, Rule
from alerts.rules.matcher import Matcher
from alerts.rules.query import parse as query

WORKERS = 8
IN_TEST, IN_SOAK = 10_000, 1_000_000
TOGETHER = 50  # documents whose entries make one digest
SLOW_S = 2.0
LARGEST = 12_000

STOP = "https://alerts.example/u/T"
CONTEXT = MailContext("ana@example.org", "webdesk@newsroom.example", "News alerts", STOP)
HEAD = DeliveryHead("ab" * 16, ANA.destinations[0], 1_795_527_000.0)
ENVELOPE = Envelope("News <news@example.org>", admin="webdesk@newsroom.example", stop_link=STOP)
RENDERER = Renderer()
FEED = Feed("https://n.example/feed", name="Courier")
QUERIES = {
    "ice": "ICE OR the OR age* NEAR/3 (new | one) OR title:of",
    "sanctuary": '"in the" OR sanctuary OR link:http OR author:ann* OR tag:news',
    "madison": "news AND NOT ICE",
}
MATCHER = Matcher([Rule(name, text, query(text)) for name, text in QUERIES.items()])

PIECES = (
    b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"\0", b"\x0b", b"\xff\xfe", b"\xed\xa0\x80",
    b"&#xD800;", b"&#99999999999;", b"&#0;", b"&amp;lt;", b"&nbsp;", b"<item>", b"</item>", b"</entry>",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<?xml encoding='utf-7'?>", b"<script>alert(1)</script>",
    b"&lt;img src=x onerror=alert(1)>", b"<link>javascript:alert(1)</link>", b"<link href='http://['/>",
    b"<guid isPermaLink='x'>", b"<content type='application/octet-stream' mode='base64'>", b"-9999",
    b"\r\nBcc: all@n.example\r\n", b"<!channel>", b"@everyone", b"\xe2\x80\xae", b"\xe2\x80\x8b", b'"',
    b"xmlns:a=", b"<a:b>", b"<georss:point>1</georss:point>", b"<media:content url='x'>", b"<base href='//x'>",
    b"&lt;a href=&quot;data:text/html,x&quot; onclick=x>y&lt;/a>", b"<title>ICE", b"Mon, 32 Foo 2026",
    b"<itunes:duration>x", b"<gml:pos>x</gml:pos>", b"{", b"[", b"\\ud83d", b"<pubDate>", b"=?utf-8?q?=0D=0A?=",
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-32", "cp1252", "utf-7", "koi8-r", "utf-8-sig", "cp037", "shift-jis")
OWN = (
    "<rss version='2.0'><channel><title>News</title><ttl>5</ttl>"
    "<item><title>ICE raid on State Street</title><link>https://n.example/1</link><guid>1</guid>"
    "<pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><description>&lt;p>In the &lt;b>new&lt;/b> jail,"
    " one of the &lt;a href='/x'>agents&lt;/a>&lt;/p></description><category>news</category></item>"
    "<item><title>Bridge reopens</title><guid>2</guid></item></channel></rss>",
    "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en'><title>N</title><entry><id>1</id>"
    "<title type='html'>A &lt;b>ICE&lt;/b></title><link href='/1'/><updated>2026-11-23T10:00:00Z"
    "</updated><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>the new one</p></div>"
    "</content><author><name>Ann</name></author></entry></feed>",
    '{"version": "https://jsonfeed.org/version/1.1", "title": "N", "items": [{"id": "1", "url":'
    ' "https://n.example/1", "title": "ICE <b>", "content_html": "<p>the new one</p>", "tags": ["a"]}]}',
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'"
    " xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>N</title></channel><item rdf:about='x'>"
    "<title>ICE</title><link>https://n.example/1</link><dc:date>2026-11-23</dc:date></item></rdf:RDF>",
)  # fmt: skip


@cache
def bodies() -> tuple[bytes, ...]:
    """Return the feeds to damage: all that have entries, big ones with their first ones only."""
    own = tuple(text.encode() for text in OWN)
    try:
        manifest, path = needs.shared("feeds_manifest_dev.tsv"), needs.shared("feeds_dev.tar.gz")
    except pytest.skip.Exception:
        return own
    with manifest.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        full = {row["file"] for row in rows if row["fp_entries"] not in ("", "0")}
    found = list(own * 20)  # one in a dozen
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and member.name.partition("/")[2] in full:
                body = _short(file.read())
                found += [body] if len(body) <= LARGEST else []
    return tuple(found)


def _short(body: bytes) -> bytes:
    """Return a document with its first two entries and its last, if it is a big one."""
    ends = [end.end() for end in re.finditer(rb"</(?:item|entry)>", body)]
    return body if len(body) <= LARGEST or len(ends) < 4 else body[: ends[1]] + body[ends[-2] :]


class Dice:
    """Damage by chance, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._clock = FakeClock(seed=seed)

    def below(self, sides: int) -> int:
        return int(self._clock.random() * sides)

    def one(self, things: Any) -> Any:
        return things[self.below(len(things))]

    def body(self) -> bytes:
        body = self.one(bodies())
        for _ in range(1 + self.below(4)):
            body = self._damaged(body)
        return body

    def _damaged(self, body: bytes) -> bytes:
        at = self.below(len(body) + 1)
        end = at + self.below(60)
        kind = self.below(10)
        if kind < 3:
            return body[:at] + self.one(PIECES) + body[at + self.below(20) :]
        if kind == 3:  # bits
            return body[:at] + bytes([self.below(256)]) + body[at + 1 :]
        if kind == 4:  # a cut
            return body[:at] if self.below(2) else body[:at] + body[end:]
        if kind == 5:  # a part of its own, again and again
            return body[:at] + body[at:end] * (1 + self.below(30)) + body[end:]
        if kind == 6:  # a part of another
            other = self.one(bodies())
            start = self.below(len(other) + 1)
            return body[:at] + other[start : start + self.below(800)] + body[at:]
        if kind == 7:  # a tag twice
            tags = list(re.finditer(rb"<[^<>]{1,80}>", body[:LARGEST]))
            return (
                body if not tags else body[: (t := self.one(tags)).end()] + t[0] + body[t.end() :]
            )
        if kind == 8:
            text = body.decode("utf-8", "replace")
            return text.encode(self.one(ENCODINGS), "replace")
        return body[:at] + body[at : at + 1].swapcase() + body[at + 1 :]


def timed(begin: float, what: str) -> None:
    """No step takes longer than its bound (of work, not of a busy machine's time)."""
    assert time.process_time() - begin < SLOW_S, what


def read(body: bytes) -> tuple[Entry, ...]:
    began = time.process_time()
    found = parse(body, "", FEED.url, now=NOW)
    timed(began, "parse")
    if isinstance(found, FetchFailure):
        assert found.kind != "internal"
        assert found.text
        return ()
    for entry in found.entries:
        assert entry.link is None or re.match(r"(?i)https?://", entry.link)
    return found.entries


def judged(number: int, entry: Entry) -> Alert:
    """Return what a subscriber is owed for an entry; where no rule holds, it is shown unmarked."""
    began = time.process_time()
    article = Article.of(entry, FEED, None)
    names = MATCHER.match(article)
    matches = MATCHER.spans(article, names)
    assert {match.rule for match in matches} == set(names)
    timed(began, "rules")
    outlet = Outlet("Courier", entry.link, entry.published_at or NOW)
    return Alert(number, entry, NOW, (outlet,), matches or (Match("ice"),))


class Page(HTMLParser):
    """A mail's page: what it must never hold is refused while it is read."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in (
            "script",
            "iframe",
            "object",
            "embed",
            "form",
            "img",
            "svg",
            "base",
            "link",
        )
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name in ("href", "src", "action"):
                assert re.fullmatch(r"(?:https?://|mailto:)[^\s<>\"]+|#[\w-]+", value or ""), value


def shown(alerts: list[Alert], *, style: str) -> set[str]:
    """Make every form of a digest; return the names of the mail's headers."""
    digest = morning(alerts, subscriber=replace(ANA, style=style))
    names: set[str] = set()
    began = time.process_time()
    for mail in RENDERER.mails(digest, CONTEXT):
        page = Page()
        page.feed(mail.html)
        page.close()
        message = email.message_from_bytes(compose(mail, HEAD, ENVELOPE), policy=email.policy.SMTP)
        assert not message.defects
        assert message["To"] == "ana@example.org"
        names |= set(message.keys())
    for post in RENDERER.slack(digest):
        for text in re.findall(r"<[!@#]\w", json.dumps(post.document)):
            raise AssertionError(text)
    for post in RENDERER.webhook(digest):
        json.dumps(post.document).encode()
    assert time.process_time() - began < SLOW_S * len(alerts)
    return names


def harmless_headers() -> set[str]:
    entry = Entry(title="ICE raid", link="https://n.example/1", summary="the new one")
    return shown([judged(1, entry)], style="full")


def _run(seed: int, count: int) -> None:
    dice, expected = Dice(seed), harmless_headers()
    waiting: list[Alert] = []
    for number in range(1, count + 1):
        body = dice.body()
        try:
            entries = read(body)
            waiting += [judged(number * 10 + n, one) for n, one in enumerate(entries[:3])]
            if number % TOGETHER == 0 and waiting:
                names = shown(waiting, style=dice.one(("full", "brief")))
                assert names <= expected | {"In-Reply-To", "References"}
                waiting = []
        except Exception as error:
            error.add_note(f"seed {seed}, document {number}: {body[:4_000]!r}")
            raise


@pytest.mark.parametrize("seed", range(WORKERS))
def test_no_damaged_feed_breaks_or_delays_anything_or_does_harm(seed: int):
    _run(seed, IN_TEST // WORKERS)


@pytest.mark.parametrize("seed", range(WORKERS))
def test_a_million_damaged_feeds_break_nothing(seed: int):
    needs.soak()
    _run(1_000 + seed, IN_SOAK // WORKERS)
