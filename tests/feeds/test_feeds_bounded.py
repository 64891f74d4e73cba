"""Claims about `feeds.bounded`: what feedparser reads itself, for less."""

from __future__ import annotations

import html
import io

import feedparser
import pytest

from alerts.feeds import bounded

MARKUP = "<p>Agents of <b>ICE</b> &amp; others came to the <a href='/m'>market</a>.</p>\n"
XHTML = (
    "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='es' xml:base='https://n.example/'>"
    "<title>News</title><entry><id>1</id><title type='html'>A &lt;b&gt;b&lt;/b&gt;</title>"
    "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>\n <p>One &lt; two</p>\n"
    " <p>three</p></div></content><summary>Sum &amp; <![CDATA[<i>x</i>]]></summary></entry></feed>"
)
RSS = (
    "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
    "<title>News</title><item><title>A &amp;amp; B</title><link>https://n.example/?a=1&amp;b=2</link>"
    f"<description>{html.escape(MARKUP)}</description>"
    f"<content:encoded><![CDATA[{MARKUP}]]></content:encoded>"
    "<content:encoded>SGVsbG8=</content:encoded></item></channel></rss>"
)
BASE64 = (
    "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title mode='base64'>SGVsbG8="
    "</title><content mode='escaped' type='text/html'>&lt;p&gt;x&lt;/p&gt;</content></entry></feed>"
)
LOOSE = "<rss><channel><item><title>A &nope; b</title><description>x <p>z</description></item>"


@pytest.mark.parametrize("text", [XHTML, RSS, BASE64, LOOSE])
def test_what_is_read_is_what_feedparser_reads(text: str) -> None:
    found = feedparser.parse(
        io.BytesIO(text.encode()), sanitize_html=False, resolve_relative_uris=False
    )
    assert found.entries
    read = bounded.read(text)
    assert read.entries == found.entries
    assert read.channel == found.feed


def test_escaped_markup_comes_in_few_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[str] = []
    taken = bounded._Strict.characters
    monkeypatch.setattr(
        bounded._Strict, "characters", lambda self, text: (pieces.append(text), taken(self, text))
    )
    text = RSS.replace(html.escape(MARKUP), html.escape(MARKUP * 5_000))
    assert bounded.read(text).entries[0]["summary"] == (MARKUP * 5_000).strip()
    assert len(pieces) < 100
