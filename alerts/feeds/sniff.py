"""What a document is, judged by its beginning: a feed, JSON, a web page, or a danger to parse."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from alerts.feeds.discover import feeds_named
from alerts.feeds.refusals import CHALLENGE, CHALLENGE_HINT, CHALLENGE_TEXT
from alerts.model import FetchFailure

Kind = Literal["xml", "json", "html", "other"]


class Shape(NamedTuple):
    """What a text is; for XML where its document type (or root) and its root element begin."""

    kind: Kind
    start: int = 0
    root: int = 0


MAX_SUBSET_CHARS = 4_096
MAX_DEPTH = 500  # real feeds stay below 30, even with a page's markup in them
_MANY_TAGS = 20_000
_ROOT = re.compile(
    r"<(?:[\w.-]+:)?(rss|feed|rdf|channel|entry)(?=[\s>/])|<(html|head|body)\b", re.IGNORECASE
)
_HTML = re.compile(r"<!doctype\s+html", re.IGNORECASE)
_PROLOG = re.compile(r"\s*(?:<!--.*?-->|<\?.*?\?>)\s*", re.DOTALL)
_SEARCHED = 262_144
_SUBSET = re.compile(r"<!DOCTYPE\b[^\[>]*\[", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+(%\s*)?[^\s>]+\s+(?:\"([^\"]*)\"|'([^']*)'|(\w+))", re.IGNORECASE)
_REFERS = re.compile(r"&[A-Za-z_:]|%[A-Za-z_:]|&#(?:38|x26|37|x25);", re.IGNORECASE)
_TAG = re.compile(r"<(/?)[A-Za-z_][^<>]*?(/?)>")
_PASSWORD = re.compile(r"<input\b[^>]{0,500}?type\s*=\s*[\"']?password", re.IGNORECASE)
_CONSENT = re.compile(r"(?i)cookie[- ]?(?:consent|wall)|consent\.|privacy-gate|gdpr")


def shape_of(text: str) -> Shape:
    """Return what the text is and where it begins: a PHP warning before it is no part of it."""
    if text.startswith(("{", "[")):
        return Shape("json")
    start = 0
    while skipped := _PROLOG.match(text, start, start + _SEARCHED):
        start = skipped.end()
    found = _ROOT.search(text, start, start + _SEARCHED)
    if found is None:
        return Shape("html" if _HTML.match(text, start) else "other")
    if found[2]:
        return Shape("html")
    doctype = text.find("<!DOCTYPE", start, found.start())
    return Shape("xml", doctype if doctype >= 0 else found.start(), found.start())


def safe_xml(text: str, shape: Shape) -> str | FetchFailure:
    """Return the XML as a parser may have it, or why it must not.

    Entities that refer to others grow without bound, external ones read files; both are refused
    whatever the parser would do with them. Of the document type only plain entities are left. Very
    deep nesting costs minutes.
    """
    body = text[shape.root :]
    if body.count("<") > _MANY_TAGS and _is_too_deep(body):
        return FetchFailure("malformed", "Its document nests elements too deeply to be a feed.")
    subset = _SUBSET.match(text, shape.start)
    if subset is None:
        return body
    declared = _declarations(text, subset.end())
    if declared is None:
        return FetchFailure(
            "entities",
            "Its document declares entities as an attack would; it was not read.",
            "Tell the site: a feed needs no entity declarations.",
        )
    return f"<!DOCTYPE rss [\n{''.join(declared)}]>\n{body}" if declared else body


def _declarations(text: str, start: int) -> list[str] | None:
    """Return the entity declarations of an internal subset, None if any of them is evil.

    Those in the rest of the text are judged too: a `]` in a value must not hide what follows it.
    """
    last = max(text.rfind("<!ENTITY", start), text.find("]", start))
    if last - start > MAX_SUBSET_CHARS:
        return None
    found = list(_ENTITY.finditer(text, start))
    if len(found) != text.upper().count("<!ENTITY") or any(map(_is_evil, found)):
        return None
    return [f"{entity[0]}>\n" for entity in found]


def _is_evil(entity: re.Match[str]) -> bool:
    is_parameter, is_external = entity[1], entity[4]
    value = entity[2] if entity[2] is not None else entity[3]
    return bool(is_parameter or is_external or _REFERS.search(value or ""))


def _is_too_deep(text: str) -> bool:
    depth = 0
    for tag in _TAG.finditer(text):
        if tag[1]:
            depth = max(0, depth - 1)
        elif not tag[2]:
            depth += 1
            if depth > MAX_DEPTH:
                return True
    return False


def no_feed(text: str, url: str, content_type: str) -> FetchFailure:
    """Return the failure that a web page (or anything else) in a feed's place means, with help."""
    head = text[:_SEARCHED]
    if CHALLENGE.search(head.encode("utf-8", "ignore")):
        return FetchFailure("not_a_feed", CHALLENGE_TEXT, CHALLENGE_HINT)
    what = "a web page" if _ROOT.search(head) else f"something else ({_media_type(content_type)})"
    sentence = f"It answers with {what} instead of a feed."
    feeds = [feed.url for feed in feeds_named(head, url)[:3]]
    if feeds:
        return FetchFailure("not_a_feed", sentence, f"The page names a feed: {' or '.join(feeds)}")
    if _PASSWORD.search(head):
        return FetchFailure("not_a_feed", sentence, "It is a login page: the feed is not public.")
    if _CONSENT.search(head):
        return FetchFailure("not_a_feed", sentence, "It is a consent page: the feed is not public.")
    hint = "Open the address in a browser; the site's own page may name its feed."
    return FetchFailure("not_a_feed", sentence, hint)


def _media_type(content_type: str) -> str:
    found = re.match(r"[\w.+-]{1,40}/[\w.+-]{1,60}", content_type.strip())
    return found[0] if found else "no type stated"
