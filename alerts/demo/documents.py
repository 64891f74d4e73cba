"""Writes feed documents as outlets do: RSS 2.0, Atom, JSON Feed; reading them is not its work."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate
from html import escape

from alerts.clock import iso


@dataclass(frozen=True, slots=True)
class Item:
    """One item to write; `at` in UTC epoch seconds, None leaves the date out."""

    title: str
    link: str
    text: str = ""
    at: float | None = None
    guid: str | None = None  # None: the link
    author: str = ""
    tags: tuple[str, ...] = ()
    body: str = ""  # the whole article, HTML; empty: none is offered

    @property
    def key(self) -> str:
        """The guid as the document states it."""
        return self.guid if self.guid is not None else self.link


def rss(title: str, items: Iterable[Item], language: str = "en") -> str:
    """Return an RSS 2.0 document with content:encoded and dc:creator where there is any."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        f"<title>{escape(title)}</title><link>https://example.org/</link>"
        f"<description>{escape(title)}</description><language>{language}</language>\n"
        + "\n".join(map(_rss_item, items))
        + "\n</channel></rss>\n"
    )


def _rss_item(item: Item) -> str:
    is_link = "true" if item.key == item.link else "false"
    parts = [
        f"<title>{escape(item.title)}</title><link>{escape(item.link)}</link>",
        f'<guid isPermaLink="{is_link}">{escape(item.key)}</guid>',
        f"<description>{escape(item.text)}</description>",
        *(f"<category>{escape(tag)}</category>" for tag in item.tags),
    ]
    if item.at is not None:
        parts.append(f"<pubDate>{formatdate(item.at)}</pubDate>")
    if item.author:
        parts.append(f"<dc:creator>{escape(item.author)}</dc:creator>")
    if item.body:
        parts.append(f"<content:encoded>{escape(item.body)}</content:encoded>")
    return f"<item>{''.join(parts)}</item>"


def atom(title: str, items: Iterable[Item], language: str = "en") -> str:
    """Return an Atom 1.0 document; its `updated` is that of the newest item."""
    items = list(items)
    newest = max((item.at or 0.0 for item in items), default=0.0)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">'
        f"<title>{escape(title)}</title><id>tag:example.org,2026:{escape(title)}</id>"
        f"<updated>{iso(newest)}</updated>\n" + "\n".join(map(_atom_entry, items)) + "\n</feed>\n"
    )


def _atom_entry(item: Item) -> str:
    parts = [
        f"<title>{escape(item.title)}</title>",
        f'<link rel="alternate" href="{escape(item.link)}"/><id>{escape(item.key)}</id>',
        f'<summary type="html">{escape(item.text)}</summary>',
        *(f'<category term="{escape(tag)}"/>' for tag in item.tags),
    ]
    if item.at is not None:
        parts.append(f"<published>{iso(item.at)}</published><updated>{iso(item.at)}</updated>")
    if item.author:
        parts.append(f"<author><name>{escape(item.author)}</name></author>")
    if item.body:
        parts.append(f'<content type="html">{escape(item.body)}</content>')
    return f"<entry>{''.join(parts)}</entry>"


def json_feed(title: str, items: Iterable[Item], language: str = "en") -> str:
    """Return a JSON Feed 1.1 document."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "language": language,
        "items": [_json_item(item) for item in items],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _json_item(item: Item) -> dict[str, object]:
    found: dict[str, object] = {
        "id": item.key,
        "url": item.link,
        "title": item.title,
        "summary": item.text,
        "content_html": item.body or item.text,
    }
    if item.at is not None:
        found["date_published"] = dt.datetime.fromtimestamp(item.at, dt.UTC).isoformat()
    if item.author:
        found["authors"] = [{"name": item.author}]
    if item.tags:
        found["tags"] = list(item.tags)
    return found
