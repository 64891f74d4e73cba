"""JSON Feed 1 and 1.1 (jsonfeed.org) to the same nouns as any other feed."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from alerts.feeds import dates, sniff
from alerts.feeds.cut import MAX_ITEMS
from alerts.feeds.decode_text import clean
from alerts.feeds.texts import MAX_TAGS, cut, link_of
from alerts.model import Entry, FetchFailure, ParsedFeed


def parse(text: str, url: str, content_type: str, now: float) -> ParsedFeed | FetchFailure:
    """Return the feed; FetchFailure if it is no JSON (cut short included) or no JSON Feed."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return FetchFailure(
            "malformed",
            "Its document is not valid JSON; it may have been cut off.",
            "Tell the site if this goes on.",
        )
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return sniff.no_feed(text, url, content_type)
    listed = document["items"]
    items = [item for item in listed[:MAX_ITEMS] if isinstance(item, dict)]
    entries = [_entry(item, url, now) for item in items]
    usable = tuple(entry for entry in entries if entry is not None)
    return ParsedFeed(
        title=_plain(document, "title"),
        entries=usable,
        lang=_plain(document, "language").lower() or None,
        self_link=link_of(_text(document, "feed_url")),
        older=link_of(_text(document, "next_url")),
        dropped=min(len(listed), MAX_ITEMS) - len(usable),
        left_out=max(0, len(listed) - MAX_ITEMS),
        format="json",
        odd_dates=tuple(_odd_dates(items, entries)),
    )


def _entry(item: Mapping[str, Any], url: str, now: float) -> Entry | None:
    summary = _plain(item, "summary")
    content = cut(_text(item, "content_html")) or _plain(item, "content_text")
    entry = Entry(
        title=_plain(item, "title"),
        link=link_of(_absolute(item, url)),
        guid=_scalar(item.get("id")),
        summary=summary or content,
        content=content if summary and content != summary else "",
        author=", ".join(_authors(item)),
        tags=tuple(clean(t) for t in _list(item, "tags") if isinstance(t, str) and t)[:MAX_TAGS],
        published_at=_moment(item, "date_published", now) or _moment(item, "date_modified", now),
        updated_at=_moment(item, "date_modified", now),
        lang=_plain(item, "language").lower() or None,
    )
    has_something = entry.title or entry.link or entry.guid or entry.summary
    return entry if has_something else None


def _text(item: Mapping[str, Any], key: str) -> str:
    """Return a text without control characters and halves of characters: JSON can escape both."""
    value = item.get(key)
    return clean(value) if isinstance(value, str) else ""


def _plain(item: Mapping[str, Any], key: str) -> str:
    """Return plain text as markup, so that a `<` in it stays a `<`."""
    return html.escape(cut(_text(item, key)).strip(), quote=False)


def _scalar(value: object) -> str | None:
    """Return an id as text: the standard coerces numbers, and old feeds have them."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return clean(str(value)).strip() or None


def _list(item: Mapping[str, Any], key: str) -> list[Any]:
    value = item.get(key)
    return value if isinstance(value, list) else []


def _authors(item: Mapping[str, Any]) -> list[str]:
    people = [*_list(item, "authors"), item.get("author")]
    names = [_plain(person, "name") for person in people if isinstance(person, dict)]
    return list(dict.fromkeys(name for name in names if name))


def _absolute(item: Mapping[str, Any], url: str) -> str:
    link = _text(item, "url") or _text(item, "external_url")
    try:
        return urljoin(url, link.strip()) if link else ""
    except ValueError:
        return ""


def _odd_dates(items: list[dict[str, Any]], entries: list[Entry | None]) -> Iterator[str]:
    for item, entry in zip(items, entries, strict=True):
        text = _plain(item, "date_published") or _plain(item, "date_modified")
        if entry is not None and entry.published_at is None and text:
            yield text[: dates.MAX_SHOWN_CHARS]


def _moment(item: Mapping[str, Any], key: str, now: float) -> float | None:
    return dates.believed(dates.of_text(item.get(key)), now)
