"""Items of a document as they are told apart: what each is called, and hashes of what it says.

That is all that has to be kept of an item to know it again in the next document, so that it need
not be read there.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from alerts.feeds.likeness import Comparison, compare, day_of, names_a_page, plain_words
from alerts.links import canonical
from alerts.model import Entry, ParsedFeed

_TEXT_CHARS = 512


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one entry: "1:", "2:" or "3:" and 32 hexadecimal digits each."""

    k1: str | None
    k2: str | None
    k3: str
    words: str = ""  # K3 without the day
    chars: int = 0  # how much text K3 stands for
    number: int = 0  # which of the articles that have this K3 in one document
    aliases: tuple[str, ...] = ()  # keys of its copies in the document

    @property
    def text(self) -> str:
        """K3 with the number: what these words are known by."""
        return numbered(self.k3, self.number)

    def all(self) -> tuple[str, ...]:
        """Return the keys there are."""
        keys = (self.k1, self.k2, self.k3, self.text if self.number else None)
        return (*(key for key in keys if key is not None), *self.aliases)


@dataclass(frozen=True, slots=True)
class Item:
    """What an entry is known by, before its document's others are looked at."""

    keys: Keys
    part: str | None  # K2 with the link's fragment, if it has one
    published_at: float | None
    compared: Comparison
    entry: Entry | None = None  # None: it was not read again

    @classmethod
    def of(cls, entry: Entry) -> Item:
        """Compute it. K1 is the guid byte for byte; K2 is absent for a home page."""
        guid = (entry.guid or "").replace("\0", "").strip()
        link = canonical(entry.link) if entry.link else ""
        title = plain_words(entry.title)
        text = plain_words((entry.summary or entry.content)[: 8 * _TEXT_CHARS])[:_TEXT_CHARS]
        day = day_of(entry.published_at)
        keys = Keys(
            k1=named("1", guid) if guid else None,
            k2=named("2", link) if names_a_page(link) else None,
            k3=named("3", title, text, day),
            words=named("w", title, text),
            chars=len(title) + len(text),
        )
        fragment = (entry.link or "").partition("#")[2]
        part = named("2", link, fragment) if fragment else None
        return cls(keys, part, entry.published_at, compare(entry, link, title), entry)


def named(kind: str, *parts: str) -> str:
    """Return a key of that kind."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass"))
    return f"{kind}:{digest.hexdigest()[:32]}"


def numbered(k3: str, number: int) -> str:
    """Return what words are known by that stand in a document several times."""
    return named("3", k3, str(number)) if number else k3


def of_document(parsed: ParsedFeed, known: Mapping[bytes, Item]) -> tuple[Item, ...]:
    """Return a document's items in its order; those that were left out as they are `known`."""
    if not parsed.digests:
        return tuple(map(Item.of, parsed.entries))
    read = iter(parsed.entries)
    return tuple(known[one] if one in known else Item.of(next(read)) for one in parsed.digests)


# --- as they are kept ------------------------------------------------------------------------

_NOTHING = bytes(16)
_ROW = struct.Struct(">16s16s16s16s16s16s16s16s16sdI")


def pack(items: Iterable[tuple[bytes, Item]]) -> bytes:
    """Return items, each with its digest, as bytes: 156 for each."""
    return b"".join(_packed(digest, item) for digest, item in items)


def _packed(digest: bytes, item: Item) -> bytes:
    keys, compared = item.keys, item.compared
    names = (keys.k1, keys.k2, keys.k3, keys.words, item.part)
    hashes = (compared.link_key, compared.title_key, compared.text_key)
    moment = math.nan if item.published_at is None else item.published_at
    halves = (bytes.fromhex(name.rpartition(":")[2]) if name else _NOTHING for name in names)
    others = (bytes.fromhex(one) if one else _NOTHING for one in hashes)
    return _ROW.pack(digest, *halves, *others, moment, keys.chars)


def unpack(kept: bytes) -> dict[bytes, Item]:
    """Return the items by their digests, without their texts."""
    return dict(map(_unpacked, _ROW.iter_unpack(kept)))


def _unpacked(row: tuple[Any, ...]) -> tuple[bytes, Item]:
    digest, k1, k2, k3, words, part, link, title, text, moment, chars = row
    keys = Keys(
        _name("1", k1), _name("2", k2), f"3:{k3.hex()}", f"w:{words.hex()}", chars
    )  # fmt: skip
    compared = Comparison(None if link == _NOTHING else link.hex(), title.hex(), text.hex())
    published_at = None if math.isnan(moment) else moment
    return digest, Item(keys, _name("2", part), published_at, compared)


def _name(kind: str, digest: bytes) -> str | None:
    return None if digest == _NOTHING else f"{kind}:{digest.hex()}"
