"""Whatever feeds, outlets and subscribers write: no layout, header, recipient or ping changes.

Each form of a digest is made as it travels (mail bytes, Slack and webhook documents) and compared
with the one that harmless words make.
"""

from __future__ import annotations

import email
import email.policy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
from digest_cases import ANA, HOSTILE, alert, brief, is_harmless, morning
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.delivery.compose import compose
from alerts.delivery.slack import text_only
from alerts.delivery.transport import DeliveryHead, Envelope
from alerts.digests.render import MailContext, Renderer
from alerts.model import Digest, FeedHealth

RENDERER = Renderer()
STOP = "https://alerts.example/u/T"
CONTEXT = MailContext("ana@example.org", "webdesk@newsroom.example", "News alerts", STOP)
HEAD = DeliveryHead("ab" * 16, ANA.destinations[0], 1_795_527_000.0)
ENVELOPE = Envelope("News <news@example.org>", admin="webdesk@newsroom.example", stop_link=STOP)

#: What breaks out of tables, comments, quotes, links, headers and chats that are not careful.
PIECES = (
    "</td></tr></table>", "</p>", "</bdi></a></h3>", "<!-- ", " -->", "<![CDATA[", "]]>", "<table>",
    "<style>*{display:none}</style>", "<style>", "</style>", "<script>", "</body></html>", "<plaintext>",
    "<base href=//evil.example>", "<img src=http://evil.example/p.gif>", "<a href='javascript:x'>y</a>",
    "<form action=//evil.example><input>", "<svg/onload=x>", "<meta http-equiv=refresh content=0>",
    '" onmouseover="x', "' style='x", "{{ 7*7 }}", "{% raw %}", "\r\nBcc: all@example.org\r\n\r\n",
    "\nFrom: x", "=?utf-8?q?=0D=0ABcc:x?=", "<!channel>", "<!here|x>", "<!everyone>", "<@U123>", "<#C1|x>",
    "<!subteam^S1>", "@everyone", "@here", "@channel", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;",
    "<https://evil.example|click>", "|", "*b*", "`", "```", ">", ">>>", "_", "~", "\u202e", "\u2066",
    "\u200b", "\ufeff", "\u200d", "\U000e0041", "\u0301" * 20, "\0", "\x1b[31m", "\ud800", "\u2028", "\x85",
    "ICE", " ", "\U0001f600", "漢字", "עברית", "-- \n",
)  # fmt: skip
words = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=14).map("".join)
hostile = words | st.sampled_from(HOSTILE)
named = hostile.map(lambda inner: f"A {inner} z")  # something is left, whatever is cleaned away
targets = st.sampled_from(
    [
        *("javascript:alert(1)", " java\nscript:x", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x"),
        *("file:///etc/passwd", "//evil.example/x", "https://good.example@evil.example/", "http://", ""),
        *("https://a.example/\"><script>", "https://a.example/'x", "https://a.example/a b", "http:x"),
        *("https://a.example/|<!channel>", "https://a.example/\r\nBcc:x", "https://a.example/\u202e"),
        *("https://a.example/" + "x" * 3000, "https://аpple.example/", "https://a.example/?a=1&b=2"),
    ]
)  # fmt: skip


@dataclass(frozen=True)
class Written:
    """What others write into one digest."""

    title: str = "ICE agents seen on Park Street"
    summary: str = "Agents of ICE were seen, two people said."
    outlet: str = "Courier"
    source: str = "Ledger"
    reason: str = "no answer"
    person: str = "Ana"
    link: str | None = "https://x.example/1"

    def digest(self, *, style: str = "full") -> Digest:
        subscriber = replace(ANA, name=self.person, style=style)
        one = alert(1, self.title, "24 7:00", summary=self.summary, outlet="x", link=self.link)
        own = replace(one.outlets[0], name=self.outlet, lang="en")
        other = replace(own, name="Wire", link="https://wire.example/1")
        missing = [FeedHealth(self.source, reason=self.reason)]
        return morning([replace(one, outlets=(own, other))], subscriber=subscriber, missing=missing)

    def twin(self) -> Written:
        """Harmless words; a link if this one has one that may be shown."""
        link = self.digest().stories[0].outlets[0].link
        return Written(link="https://x.example/1" if link else None)


anything = st.builds(
    Written,
    title=named,
    summary=named,
    outlet=named,
    source=named,
    reason=named,
    person=named,
    link=targets,
)
many_examples = settings(
    max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None
)


class Outline(HTMLParser):
    """The elements of a page with their attributes, in order; texts and link targets apart.

    The one cell that quotes the feed's text is left out whole.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, ...]] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self._in_excerpt = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_excerpt = self._in_excerpt or values.get("class") == "soft"
        if self._in_excerpt:
            assert tag in ("p", "mark"), "feeds bring no elements of their own"
            return
        if tag == "a":
            self.links.append(values.pop("href", "") or "")
        kept = [f"{name}={value}" for name, value in sorted(values.items()) if name != "lang"]
        self.elements.append((tag, *kept))

    def handle_endtag(self, tag: str) -> None:
        if not self._in_excerpt:
            self.elements.append((f"/{tag}",))
        elif tag == "p":
            self._in_excerpt = False

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_data(self, data: str) -> None:
        if not self._in_excerpt and data.strip():
            self.texts.append(data.strip())


def html(written: Written) -> str:
    (mail,) = RENDERER.mails(written.digest(), CONTEXT)
    return mail.html


def message(written: Written) -> EmailMessage:
    (mail,) = RENDERER.mails(written.digest(), CONTEXT)
    data = compose(mail, HEAD, ENVELOPE)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    return email.message_from_bytes(data, policy=email.policy.SMTP)


# --- mail ----------------------------------------------------------------------------------------


@many_examples
@given(hostile)
def test_a_hostile_summary_changes_nothing_outside_its_own_cell(summary):
    assert html(Written()).count('class="soft"') == 1  # the cell that is left out
    found, harmless = Outline(html(Written(summary=summary))), Outline(html(Written()))
    assert found.elements == harmless.elements
    assert found.texts == harmless.texts
    assert found.links == harmless.links


@many_examples
@given(anything)
def test_hostile_names_titles_and_links_change_no_element_of_the_page(written):
    found, harmless = Outline(html(written)), Outline(html(written.twin()))
    assert found.elements == harmless.elements
    assert len(found.links) == len(harmless.links)


@pytest.mark.parametrize("words", HOSTILE)
def test_known_attacks_change_no_element_of_the_page(words):
    written = Written(*(f"A {words} z" for _ in range(6)))
    assert Outline(html(written)).elements == Outline(html(Written())).elements


@many_examples
@given(anything)
def test_no_digest_has_a_link_that_is_not_of_the_web(written):
    for target in Outline(html(written)).links:
        assert re.fullmatch(r"https?://[^\s<>\"@]+", target), target
        assert "evil" not in target
    (mail,) = RENDERER.mails(written.digest(), CONTEXT)
    assert all(is_harmless(line) for line in mail.text.split("\n"))


@many_examples
@given(anything)
def test_a_mail_has_the_same_headers_and_one_recipient_whatever_the_news(written):
    found, harmless = message(written), message(Written())
    assert found.keys() == harmless.keys()
    assert found["To"] == "ana@example.org"
    assert found["From"] == harmless["From"]
    assert not found.defects
    assert [part.get_content_type() for part in found.walk()] == [
        *("multipart/alternative", "text/plain", "text/html")
    ]
    assert is_harmless(str(found["Subject"]))


@pytest.mark.parametrize("piece", ["x", "word ", "&amp;", "ICE <!--", "<!channel>"])
def test_a_title_of_a_megabyte_is_cut_with_an_ellipsis(piece):
    title = piece * (1_000_000 // len(piece))
    (story,) = Written(title=title).digest().stories
    assert story.title.endswith("…")
    assert len(story.title) <= 1_024


@pytest.mark.parametrize("piece", ["x", "word ", "<b>", "</table>", "&amp;", "\u202e", "ICE <!--"])
def test_a_megabyte_in_every_place_leaves_the_page_as_it_is(piece):
    long = f"A {piece * (1_000_000 // len(piece))} z"
    written = Written(long, long, long, long, long, long)
    assert Outline(html(written)).elements == Outline(html(Written())).elements
    assert len(html(written)) < 30_000


def test_a_plain_title_that_looks_like_markup_is_shown_verbatim():
    title = "ICE <!channel> @here: a < b, <3 & 5 > 4"
    (story,) = Written(title=title).digest().stories
    assert story.title == title
    (mail,) = RENDERER.mails(Written(title=title).digest(), CONTEXT)
    assert mail.subject == title
    assert f"1. {title}" in mail.text
    assert title in Outline(mail.html).texts
    (post,) = RENDERER.slack(Written(title=title).digest())
    assert "ICE &lt;!channel&gt; @here: a &lt; b, &lt;3 &amp; 5 &gt; 4" in json.dumps(post.document)


# --- chats and programs --------------------------------------------------------------------------


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


@many_examples
@given(anything, st.sampled_from(["full", "brief"]))
def test_no_news_pings_a_channel_or_links_elsewhere_in_slack(written, style):
    for post in RENDERER.slack(written.digest(style=style)):
        document = json.loads(json.dumps(post.document))
        plain = json.loads(text_only(json.dumps(post.document).encode()))  # if Slack refuses it
        for text in (*strings(document), *strings(plain)):
            assert not re.search(r"<[!@#]", text)
            for target in re.findall(r"<([^>|]*)", text):
                assert re.fullmatch(r"https?://[^\s|<>]+", target), text
                assert "evil" not in target
        kinds = [block["type"] for block in document["blocks"]]
        assert kinds[:2] == ["header", "context"]
        assert set(kinds) == {"header", "context", "section"}
        texts = [b["text"] for b in document["blocks"] if b["type"] == "section"]
        assert all(text["verbatim"] for text in texts if text["type"] == "mrkdwn")


@many_examples
@given(anything)
def test_programs_get_the_same_keys_and_no_bad_link_whatever_the_news(written):
    (found,) = RENDERER.webhook(written.digest())
    (harmless,) = RENDERER.webhook(written.twin().digest())
    assert shape(found.document) == shape(harmless.document)
    assert all(is_harmless(text) for text in strings(found.document))
    for target in links(found.document):
        assert target is None or re.fullmatch(r"https?://[^\s<>\"@]+", target)


def shape(value: object) -> object:
    """The keys of a document, without its values."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shape(inner) for inner in value]
    return None


def links(value: object) -> Iterator[str | None]:
    """What stands under the keys that programs follow."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (inner,) if key in ("link", "url") else links(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from links(inner)


# --- many stories --------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [ANA, brief()])
def test_the_parts_of_500_stories_hold_every_title_and_link_in_each_form(person):
    stories = [
        alert(n, f"Story {n}: {HOSTILE[n % 9]} end {n}.", "24 7:00", summary="Words of ICE. " * 20)
        for n in range(1, 501)
    ]
    digest = morning(stories, subscriber=person)
    titles = [story.title for story in digest.stories]
    owed = sorted(story.link for story in digest.stories)
    mails = RENDERER.mails(digest, CONTEXT)
    shown = [text for mail in mails for text in Outline(mail.html).texts]
    assert all(title in shown for title in titles)
    linked = [t for mail in mails for t in Outline(mail.html).links if ".example/2026" in t]
    assert sorted(linked) == owed
    plain = " ".join(" ".join(mail.text.split()) for mail in mails)
    assert all(" ".join(title.split())[:60] in plain for title in titles)
    posts = [strings(post.document["blocks"]) for post in RENDERER.slack(digest)]
    told = "\n".join(text for post in posts for text in post)
    assert sorted(re.findall(r"<(https?://[^|>]*)\|", told)) == owed
    assert all(f" end {n}." in told for n in range(1, 501))
    documents = [post.document for post in RENDERER.webhook(digest)]
    raw = list(strings(documents))
    assert all(title in raw for title in titles)
    assert all(link in raw for link in owed)
