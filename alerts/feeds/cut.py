"""A document taken apart into its items, so that feedparser reads only those that are new.

Taking apart is for what is plainly safe: whole items side by side, with nothing between them. What
stands around them (the envelope) stays, so that each is read as it would be among the others. An
item is known by a digest of itself and of all of the envelope that could bear on it: whatever
changes there but a date makes every item another one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b

from alerts.feeds import dates
from alerts.feeds.fingerprint import without_stamps

#: A tag that begins or ends an item, or what must be passed over whole: `<item>` in it is none.
_MARK = re.compile(
    rb"<(?:(!\[CDATA\[|!--|\?)|(/?)((?:[\w.-]+:)?(?:item|entry))(?=[\s>/]))", re.IGNORECASE
)
_ENDS = {b"![CDATA[": b"]]>", b"!--": b"-->", b"?": b"?>"}


#: feedparser lets it reach beyond the element that it stands in.
_LEAK = b"xml:base"

_DIGEST_BYTES = 16

#: So many items of a document, the newest, are read, and so much of them: that is what a second of
#: work is enough for. An archive may be longer.
MAX_ITEMS = 2_000
_MAX_ITEM_BYTES = 5_000_000

_DATE = re.compile(rb"<(?:pubDate|published|updated|(?:\w+:)?date)>\s*([^<]{6,60})<")


@dataclass(frozen=True, slots=True)
class Cut:
    """The items of a document, in its order, and what stands before and after them."""

    before: bytes
    items: tuple[bytes, ...]
    after: bytes
    digests: tuple[bytes, ...]

    def newest(self) -> Cut:
        """Return the parts of a document of no more items than are read, the newest ones.

        They come first in it, wherever they stood.
        """
        if len(self.items) <= MAX_ITEMS and sum(map(len, self.items)) <= _MAX_ITEM_BYTES:
            return self
        step = -1 if _is_ascending(self.items) else 1
        room, count = _MAX_ITEM_BYTES, 0
        for item in self.items[::step][:MAX_ITEMS]:
            room -= len(item)
            if room < 0 and count:
                break
            count += 1
        items, digests = self.items[::step][:count], self.digests[::step][:count]
        return Cut(self.before, items, self.after, digests)

    def without(self, known: Collection[bytes]) -> bytes:
        """Return the document with only those items that are not known."""
        new = (item for item, own in zip(self.items, self.digests, strict=True) if own not in known)
        return b"\n".join((self.before, *new, self.after))


def take_apart(document: bytes, url: str) -> Cut | None:
    """Return the parts of XML (UTF-8, checked by `sniff`), None if it is not plainly safe.

    `url` is the base of its relative links.
    """
    bounds = _bounds(document)
    if not bounds or _LEAK in document:
        return None
    before, after = document[: bounds[0][0]], document[bounds[-1][1] :]
    if not before or not after:
        return None
    around = b"\0".join(
        (url.encode(), _without_list(without_stamps(before)), without_stamps(after))
    )
    context = blake2b(around, digest_size=_DIGEST_BYTES)
    items = tuple(document[start:end] for start, end in bounds)
    return Cut(before, items, after, tuple(_digest(context, item) for item in items))


def _is_ascending(items: tuple[bytes, ...]) -> bool:
    """Whether the newest item is the last."""
    first, last = (_DATE.search(item) for item in (items[0], items[-1]))
    if first is None or last is None:
        return False
    begun, ended = (dates.of_text(found[1].decode("utf-8", "replace")) for found in (first, last))
    return begun is not None and ended is not None and begun < ended


def _digest(context: blake2b, item: bytes) -> bytes:
    digest = context.copy()
    digest.update(item)
    return digest.digest()


def _bounds(document: bytes) -> list[tuple[int, int]] | None:
    """Return where each item begins and ends; None if one does not, or anything is between them."""
    found: list[tuple[int, int]] = []
    start, name, at = -1, b"", 0
    while mark := _MARK.search(document, at):
        at = mark.end()
        if mark[1] is not None:
            at = document.find(_ENDS[mark[1].upper()], at)
            if at < 0:
                return None
        elif start < 0:
            if mark[2] or (found and document[found[-1][1] : mark.start()].strip()):
                return None
            start, name = mark.start(), mark[3]
        elif not mark[2] or mark[3] != name or document[at : at + 1] != b">":
            return None  # one within the other, or </item >
        else:
            at += 1
            found.append((start, at))
            start = -1
    return found if start < 0 else None


def _without_list(envelope: bytes) -> bytes:
    """Return the envelope without the list of its items' names that RSS 1.0 has."""
    head, begin, rest = envelope.partition(b"<items>")
    _, end, tail = rest.partition(b"</items>")
    return head + tail if begin and end else envelope
