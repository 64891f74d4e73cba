"""One answer with a document: the same as last time, or what a parser makes of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from alerts.feeds.fingerprint import fingerprint
from alerts.model import FetchedBody, FetchFailure, ParsedFeed


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read; `found` is None if it is the one that is known."""

    fingerprint: str
    found: ParsedFeed | FetchFailure | None = None


def read(
    answer: FetchedBody, known: str | None, now: float, items: Collection[bytes] = ()
) -> Document:
    """Read an answer's document, unless its fingerprint is the `known` one.

    Its `items` (their digests; see `cut`) need not be read again.
    """
    print_ = fingerprint(answer.body)
    if print_ == known:
        return Document(print_)
    from alerts.feeds.parse import parse  # most documents are known, and feedparser is big

    found = parse(answer.body, answer.content_type, answer.final_url, now=now, known=items)
    return Document(print_, found)
