"""RSS, Atom, RDF and CDF: what feedparser read, taken over into entries.

feedparser is the judge of what a feed means. Its dictionaries are read with `dict.get`, because
their own look-up borrows from other fields.
"""

from __future__ import annotations

import html
import re
import xml.sax
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any, TypeGuard
from urllib.parse import urljoin

from alerts.feeds import bounded, dates, wishes, withdrawals
from alerts.feeds.cut import Cut, take_apart
from alerts.feeds.texts import MAX_TAGS, cut, link_of
from alerts.model import Entry, FetchFailure, ParsedFeed

_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_NAME = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|rdf|channel))(?=[\s>/])", re.IGNORECASE)
_BINARY = re.compile(r"(?i)(?:image|audio|video|font|application)/(?!xhtml|xml|html)")


def parse(
    text: str, url: str, now: float, known: Collection[bytes] = ()
) -> ParsedFeed | FetchFailure:
    """Return the feed in `text` (from `sniff.safe_xml`), or why there is none.

    Where it can be taken apart, items that are `known` by their digests are left out, and of a very
    long one the oldest.
    """
    whole = _without_tail(text)
    if whole is not None:
        return _feed(whole, url, now, is_complete=False)
    cut = take_apart(text.encode("utf-8", "replace"), url)
    if cut is None:
        return _feed(text, url, now)
    newest = cut.newest()
    if newest is cut:
        return _taken_apart(cut, text, url, now, known)
    found = _taken_apart(newest, newest.without(()).decode(), url, now, known)
    if isinstance(found, FetchFailure):
        return found
    return replace(found, left_out=len(cut.items) - len(newest.items))


def _taken_apart(
    cut: Cut, text: str, url: str, now: float, known: Collection[bytes]
) -> ParsedFeed | FetchFailure:
    """Return the feed in `text`, whose parts are known, without the items that are `known`."""
    left_out = sum(digest in known for digest in cut.digests)
    if left_out:
        found = _feed(cut.without(known).decode(), url, now)
        if _is_plain(found, len(cut.items) - left_out):
            return replace(found, digests=cut.digests)
    found = _feed(text, url, now)
    if left_out or not _is_plain(found, len(cut.items)):
        return found
    return replace(found, digests=cut.digests)


def _is_plain(found: ParsedFeed | FetchFailure, items: int) -> TypeGuard[ParsedFeed]:
    """Whether a document is so well-formed that each item reads alike without the others.

    A date that is not believed today (it lies in the future) may be so tomorrow.
    """
    return (
        isinstance(found, ParsedFeed)
        and found.is_well_formed
        and len(found.entries) == items
        and not found.odd_dates
    )


def _feed(
    text: str, url: str, now: float, *, is_complete: bool = True
) -> ParsedFeed | FetchFailure:
    found = _read(text)
    if isinstance(found, FetchFailure):
        return found
    items = [_entry(item, found.version, url, now) for item in found.entries]
    entries = tuple(entry for entry in items if entry is not None)
    if found.error is not None and not any(e.title or e.link or e.guid for e in entries):
        return _malformed(found.error)
    return ParsedFeed(
        title=_markup(found.channel, "title", found.version),
        entries=entries,
        lang=_lang(dict.get(found.channel, "language")),
        complete=is_complete,
        wishes=wishes.read(text, dict.get(found.channel, "ttl")),
        self_link=_channel_link(found.channel, "self", url),
        older=_channel_link(found.channel, "prev-archive", url)
        or _channel_link(found.channel, "next", url),
        dropped=len(items) - len(entries),
        tombstones=withdrawals.tombstones(text),
        format=found.version,
        odd_dates=tuple(_odd_dates(found.entries, items)),
        is_well_formed=found.error is None,
    )


def _read(text: str) -> bounded.Reading | FetchFailure:
    """Return what feedparser makes of the text, or a FetchFailure for whatever it raises."""
    try:
        return bounded.read(text)
    except bounded.TooCostly:
        return FetchFailure("malformed", "Its document holds more elements than any feed.")
    except Exception as error:  # noqa: BLE001 - it raises what its input makes it raise
        return FetchFailure("malformed", f"Its document cannot be read ({type(error).__name__}).")


def _malformed(error: xml.sax.SAXException) -> FetchFailure:
    line = error.getLineNumber() if isinstance(error, xml.sax.SAXParseException) else None
    where = f" at line {line}" if line else ""
    text = f"Its document is not well-formed XML{where} and holds no readable entry."
    return FetchFailure("malformed", text)


def _without_tail(text: str) -> str | None:
    """Return a document that breaks off, cut after its last whole entry; None if it is complete."""
    root = _ROOT_NAME.search(text)
    if root is None or f"</{root[1]}" in text:
        return None
    tag_end = text.find(">", root.end())
    if tag_end > 0 and text[tag_end - 1] == "/":
        return None
    ends = [end.end() for end in _END.finditer(text, root.end())]
    if not ends:
        return text
    channel = "</channel>" if root[1].lower() == "rss" else ""
    return f"{text[: ends[-1]]}{channel}</{root[1]}>"


# --- one entry -------------------------------------------------------------------------------


def _entry(item: dict[str, Any], version: str, url: str, now: float) -> Entry | None:
    summary = _markup(item, "summary", version)
    content = _content(item, version)
    published = _moment(item, "published", now)
    updated = _moment(item, "updated", now)
    entry = Entry(
        title=_markup(item, "title", version),
        link=_link(item, url),
        guid=_raw(item, "id") or None,
        summary=summary or content,
        content=content if summary and content != summary else "",
        author=cut(_raw(item, "author")),
        tags=_tags(item),
        published_at=published if published is not None else updated,
        updated_at=updated,
        lang=_entry_lang(item),
    )
    has_something = entry.title or entry.link or entry.guid or entry.summary
    return entry if has_something else None


def _raw(item: dict[str, Any], key: str) -> str:
    """Return a field's text as it stands, "" if there is none."""
    value = dict.get(item, key)
    return value.strip() if isinstance(value, str) else ""


def _markup(item: dict[str, Any], key: str, version: str) -> str:
    detail = dict.get(item, f"{key}_detail")
    kind = detail.get("type") if isinstance(detail, dict) else None
    return _as_markup(_raw(item, key), kind, version)


def _as_markup(value: str, kind: str | None, version: str) -> str:
    """Return a text in which `<` begins a tag: Atom says what is plain, RSS leaves it open."""
    value = cut(value)
    if version.startswith("atom") and kind == "text/plain":
        return html.escape(value, quote=False)
    return value


def _content(item: dict[str, Any], version: str) -> str:
    """Return the richest of the contents that are text."""
    found: list[str] = []
    for part in dict.get(item, "content") or ():
        kind = part.get("type") or ""
        value = part.get("value")
        if isinstance(value, str) and not _BINARY.match(kind):
            found.append(_as_markup(value.strip(), kind, version))
    return max(found, key=len, default="")


def _link(item: dict[str, Any], url: str) -> str | None:
    """Return the address of the article: the publisher's own, the alternate, an enclosure."""
    links = [link for link in dict.get(item, "links") or () if isinstance(link, dict)]
    of_files = [link.get("href") for link in links if link.get("rel") == "enclosure"]
    for candidate in (_raw(item, "feedburner_origlink"), _raw(item, "link"), *of_files):
        if not isinstance(candidate, str) or not candidate:
            continue
        try:
            link = link_of(urljoin(url, candidate.strip()))
        except ValueError:
            continue
        if link is not None:
            return link
    return None


def _channel_link(channel: dict[str, Any], rel: str, url: str) -> str | None:
    links = [link for link in dict.get(channel, "links") or () if isinstance(link, dict)]
    found = next((link.get("href") for link in links if link.get("rel") == rel), None)
    try:
        return link_of(urljoin(url, found or "")) if found else None
    except ValueError:
        return None


def _tags(item: dict[str, Any]) -> tuple[str, ...]:
    words = [tag.get("term") or tag.get("label") for tag in dict.get(item, "tags") or ()]
    kept = (word.strip()[:500] for word in words if isinstance(word, str))
    return tuple(dict.fromkeys(word for word in kept if word))[:MAX_TAGS]


def _moment(item: dict[str, Any], key: str, now: float) -> float | None:
    text = _raw(item, key)
    if dates.is_blank(text):
        return None
    moment = dates.of_struct(dict.get(item, f"{key}_parsed"))
    return dates.believed(moment if moment is not None else dates.of_text(text), now)


def _odd_dates(raw: list[dict[str, Any]], items: list[Entry | None]) -> Iterator[str]:
    for item, entry in zip(raw, items, strict=True):
        if entry is not None and entry.published_at is None:
            text = _raw(item, "published") or _raw(item, "updated")
            if text:
                yield text[: dates.MAX_SHOWN_CHARS]


def _entry_lang(item: dict[str, Any]) -> str | None:
    for key in ("title_detail", "summary_detail"):
        detail = dict.get(item, key)
        if isinstance(detail, dict) and detail.get("language"):
            return _lang(detail["language"])
    return None


def _lang(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return value.strip().replace("_", "-").lower()[:35] or None
