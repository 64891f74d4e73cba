"""What comes from feeds, and how an article and a rule meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from alerts.model.configured import Feed


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed as parsed; texts are the feed's own, with its markup and entities."""

    title: str = ""
    link: str | None = None
    guid: str | None = None
    summary: str = ""
    content: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    published_at: float | None = None
    updated_at: float | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """An entry as rules judge it: its texts and the facts of the feed it came from."""

    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    link: str | None = None
    sources: tuple[str, ...] = ()  # the feed's name, URL and tags
    place: str | None = None
    lang: str | None = None
    published_at: float | None = None

    @classmethod
    def of(cls, entry: Entry, feed: Feed, feed_title: str | None) -> Article:
        """Return an entry with the facts of the feed it came from."""
        names = (feed.name or feed_title, feed.url, *feed.tags)
        return cls(
            title=entry.title,
            summary=entry.summary,
            content=entry.content,
            author=entry.author,
            tags=entry.tags,
            link=entry.link,
            sources=tuple(name for name in names if name),
            place=feed.place,
            lang=feed.lang or entry.lang,
            published_at=entry.published_at,
        )


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server wants to hear again, byte for byte (as latin-1 text)."""

    etag: str | None = None
    last_modified: str | None = None
    url: str | None = None  # the final URL they were given for


FetchClass = Literal[
    "timeout", "dns", "connect", "tls", "blocked", "redirect", "http", "auth", "rate_limited",
    "gone", "too_big", "empty", "truncated", "encoding", "not_a_feed", "malformed", "entities",
    "protocol", "internal",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why a poll gave nothing, as a value: for the feed's row and the admin's eyes."""

    kind: FetchClass
    text: str  # one sentence, no secret in it
    hint: str = ""  # what a person can do
    status: int | None = None
    retry_after_s: float | None = None  # from now; None: the server did not say
    host: str | None = None  # whose answer it is, after redirects; None: there was none


@dataclass(frozen=True, slots=True)
class FetchedBody:
    """A complete answer with a body, decoded from its transfer and content encodings."""

    status: int
    body: bytes
    content_type: str
    validators: Validators
    final_url: str
    permanent_url: str | None = None  # where only permanent redirects led, if they did
    max_age_s: float | None = None  # freshness the server states, its Age taken off
    room: object = field(default=None, compare=False, repr=False)  # held as long as the body is


@dataclass(frozen=True, slots=True)
class NotModified:
    """304: nothing new. `validators` holds what the answer renewed (None: keep)."""

    validators: Validators
    max_age_s: float | None = None
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """How often a document wants to be asked for; hours and days (Monday is 0) are UTC's."""

    ttl_s: float | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A document that is a feed. `complete` False: cut short, entries usable, state is not."""

    title: str
    entries: tuple[Entry, ...]
    lang: str | None = None
    complete: bool = True
    wishes: Wishes = Wishes()
    self_link: str | None = None  # what it says its own address is
    older: str | None = None  # where its next older document is (RFC 5005)
    dropped: int = 0  # items with nothing in them
    format: str = ""  # as feedparser names it (rss20, atom10), or json
    odd_dates: tuple[str, ...] = ()  # of entries without a date: what stands there and is none
    is_well_formed: bool = True
    tombstones: tuple[str, ...] = ()  # keys of entries that it says are deleted (RFC 6721)
    digests: tuple[bytes, ...] = ()  # of all items, if `entries` are those of unknown ones alone
    left_out: int = 0  # items of a very long document that were not read, older than all others


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters [start, end) of the original text of `field` ("tag": of tags joined by ", ")."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Match:
    """One article and one rule that hold; `caps_only`: only an all-caps title says so."""

    rule: str
    spans: tuple[Span, ...] = ()
    caps_only: bool = False
    is_urgent: bool = False  # the rule's urgent query holds too, for an article that is new enough
