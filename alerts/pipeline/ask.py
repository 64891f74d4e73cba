"""Asks for a feed and reads what is new in its document; writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from alerts.feeds.identity import Unread
from alerts.feeds.items import Item, of_document, unpack
from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, ParsedFeed, Validators
from alerts.pipeline import moved
from alerts.pipeline.catch_up import Older, older
from alerts.pipeline.parts import Parts
from alerts.store import documents


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with its document, if it had to be read."""

    answer: FetchedBody
    fingerprint: str
    parsed: ParsedFeed | None  # None: the same document as last time
    items: tuple[Item, ...] = ()
    older: Older = field(default_factory=Older)


Outcome = FetchFailure | NotModified | Fetched


class _Known(Collection[bytes]):
    """The items of a feed's last document by their digests, looked up when first asked for."""

    def __init__(self, parts: Parts, row: Row[Any]) -> None:
        self._parts = parts
        self._row = row

    @cached_property
    def items(self) -> dict[bytes, Item]:
        """The items; none if nothing is known of what the feed's address gives."""
        if self._row.fingerprint is None:
            return {}
        with self._parts.database.read() as connection:
            return unpack(documents.items(connection, self._row.id))

    def __contains__(self, digest: object) -> bool:
        return digest in self.items

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def ask(parts: Parts, feed: Feed, row: Row[Any]) -> Outcome:
    """Fetch and, if the document is another than last time, read what is new in it."""
    validators = Validators(row.etag, row.last_modified, row.validators_url)
    answer = parts.fetcher.fetch(moved.as_asked(feed, row), validators)
    if not isinstance(answer, FetchedBody):
        return answer
    try:
        return _read(parts, feed, row, answer, _Known(parts, row))
    except Unread:
        return _read(parts, feed, row, answer, None)


def read_whole(parts: Parts, feed: Feed, row: Row[Any], outcome: Outcome) -> Outcome:
    """Read all of a document: what is kept of its items does not tell what they are now."""
    if not isinstance(outcome, Fetched):
        return outcome
    return _read(parts, feed, row, outcome.answer, None)


def _read(
    parts: Parts, feed: Feed, row: Row[Any], answer: FetchedBody, known: _Known | None
) -> Outcome:
    last = row.fingerprint if known is not None else None
    document = parts.reader.read(answer, last, parts.clock.now(), () if known is None else known)
    found = document.found
    if isinstance(found, FetchFailure):
        return found
    if found is None:
        return Fetched(answer, document.fingerprint, None)
    items = of_document(found, {} if known is None else known.items)
    before = older(parts, moved.as_asked(feed, row), row, found, items)
    return Fetched(answer, document.fingerprint, found, items, before)
