"""The feeds of bench/polling.py at one moment: made-up news in RSS as WordPress writes it."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate

_WORDS = [
    *("council", "budget", "river", "school", "county", "winter", "market", "police", "library"),
    *("bridge", "harvest", "senate", "clinic", "transit", "museum", "housing", "orchestra"),
    *("stadium", "warden", "farm", "festival", "lake", "mayor", "jury", "tax"),
]


@dataclass(frozen=True, slots=True)
class Moment:
    """What changed since the first; `is_deaf`: conditions are not heard, the answer is 200."""

    stamp: int = 0
    tenth: int = 0  # so many new entries in every tenth feed
    all: int = 0  # and so many in each
    is_deaf: bool = False

    def news(self, feed: int) -> int:
        """Return how many entries a feed has had since the first moment."""
        return self.all + (self.tenth if feed % 10 == 0 else 0)

    def etag(self, feed: int) -> str:
        """Return the document's name."""
        return f'"{feed}-{self.news(feed)}-{self.stamp}"'


def document(feed: int, moment: Moment, entries: int, now: float) -> bytes:
    """Return a feed's document, about 4 kB for each entry."""
    newest = moment.news(feed)
    items = "\n".join(_item(feed, n, now) for n in range(newest, newest - entries, -1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel><title>Feed {feed}</title><link>https://f{feed}.example/</link>"
        f"<description>News of {feed}</description><language>en-US</language>"
        f"<lastBuildDate>{formatdate(now + moment.stamp)}</lastBuildDate>\n"
        f"{items}\n</channel></rss>\n"
    ).encode()


def _item(feed: int, number: int, now: float) -> str:
    """Return an entry; the higher its number the newer. Every 200th is about ICE."""
    picked = [_WORDS[(feed * 7 + number * k) % len(_WORDS)] for k in (1, 3, 5, 11, 13)]
    title = f"{' '.join(picked).capitalize()} {feed} {number}"
    if (feed * 31 + number) % 200 == 0:
        title = f"ICE agents at the {picked[0]} {feed} {number}"
    link = f"https://f{feed}.example/2026/{number + 1000}/{'-'.join(picked)}/"
    lead = " ".join(_WORDS[(feed + number * k) % len(_WORDS)] for k in range(40))
    text = "".join(
        f"<p>{' '.join(_WORDS[(feed + number * k + part) % len(_WORDS)] for k in range(60))}"
        f' <a href="https://example.org/{part}">more</a>&#8217;s.</p>\n'
        for part in range(8)
    )
    return (
        f"<item><title>{title}</title><link>{link}</link>"
        f"<dc:creator><![CDATA[Desk {number % 7}]]></dc:creator>"
        f"<pubDate>{formatdate(now - 90_000 + number * 600)}</pubDate>"
        f"<category><![CDATA[{picked[0]}]]></category><category><![CDATA[{picked[1]}]]></category>"
        f'<guid isPermaLink="false">https://f{feed}.example/?p={number + 1000}</guid>'
        f"<description><![CDATA[{lead} [&#8230;]]]></description>"
        f"<content:encoded><![CDATA[{text}]]></content:encoded></item>"
    )
