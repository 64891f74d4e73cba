"""Small rules that every feed format shares: how long a text may be, what is a link."""

from __future__ import annotations

import re
from dataclasses import fields, replace

from alerts.feeds.decode_text import clean
from alerts.model import Entry, ParsedFeed

MAX_CHARS = 1_000_000  # what rules judge; the store keeps less
MAX_TAGS = 200
_BREAKS = re.compile(r"[\t\r\n]+")
_WEB = re.compile(r"(?i)https?://[^\s/?#]")


def cut(text: str) -> str:
    """Return at most a million characters."""
    return text[:MAX_CHARS]


def link_of(text: str) -> str | None:
    """Return a web address without line breaks and with its spaces escaped, None if it is none."""
    link = _BREAKS.sub("", text.strip()).replace(" ", "%20")
    return link if _WEB.match(link) else None


# --- what a database can keep ----------------------------------------------------------------


def storable(feed: ParsedFeed) -> ParsedFeed:
    """Return the feed with no half of a character (lone surrogate) and no NUL in any text.

    The document was cleaned before it was read, but formats have ways of their own to write
    characters (JSON's escapes, base64); databases refuse a whole transaction for one of these.
    """
    entries = tuple(_entry(entry) for entry in feed.entries)
    lang = None if feed.lang is None else _text(feed.lang)
    own = None if feed.self_link is None else _text(feed.self_link)
    return replace(feed, title=_text(feed.title), lang=lang, self_link=own, entries=entries)


def _entry(entry: Entry) -> Entry:
    changed: dict[str, object] = {}
    for field in fields(entry):
        value = getattr(entry, field.name)
        kept = _kept(value)
        if kept is not value:
            changed[field.name] = kept
    return replace(entry, **changed) if changed else entry  # type: ignore[arg-type]


def _kept(value: object) -> object:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, tuple):
        kept = tuple(_kept(item) for item in value)
        return value if kept == value else kept
    return value


def _text(text: str) -> str:
    """Return `text` itself if there is nothing to remove, which is cheap to see."""
    if text.isascii() and "\0" not in text:
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return clean(text)
    return clean(text) if "\0" in text else text
