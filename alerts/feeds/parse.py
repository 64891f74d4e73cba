"""Bytes of a document to a ParsedFeed; whatever they are, a value comes back."""

from __future__ import annotations

from collections.abc import Collection

from alerts.feeds import jsonfeed, sniff, xmlfeed
from alerts.feeds.decode_text import text_of
from alerts.feeds.refusals import with_hint
from alerts.feeds.texts import storable
from alerts.model import FetchFailure, ParsedFeed


def parse(
    body: bytes, content_type: str, url: str, *, now: float, known: Collection[bytes] = ()
) -> ParsedFeed | FetchFailure:
    """Return the feed in `body`, or why there is none; never raises.

    Items whose digests are `known` are not read again where that is plainly safe (`digests`).
    `url` is where the document came from, the base of relative links; `now` (epoch seconds) tells
    which dates lie in the future. A document that breaks off gives its whole entries and
    `complete=False`. No text of it holds a NUL or half a character (see `texts.storable`).
    """
    found = _read(body, content_type, url, now, known)
    return storable(found) if isinstance(found, ParsedFeed) else with_hint(found)


def _read(
    body: bytes, content_type: str, url: str, now: float, known: Collection[bytes]
) -> ParsedFeed | FetchFailure:
    text = text_of(body, content_type)
    if not text.strip():
        return FetchFailure("empty", "Its server sends an empty document.")
    shape = sniff.shape_of(text)
    if shape.kind == "json":
        return jsonfeed.parse(text, url, content_type, now)
    if shape.kind == "xml":
        safe = sniff.safe_xml(text, shape)
        return xmlfeed.parse(safe, url, now, known) if isinstance(safe, str) else safe
    return sniff.no_feed(text, url, content_type)
