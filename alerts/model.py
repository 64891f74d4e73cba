"""The nouns of the product as frozen values; no behaviour but what follows from their own fields.

Times are UTC epoch seconds (float), durations seconds, texts as the feed gave them unless a field
says otherwise. `None` means "not known", never "empty".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alerts.tree import Node


class Secret:
    """A string that never shows itself: `str`, `repr` and formatting print a mask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself; call only where it is handed to a server."""
        return self._value

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


# --- what the configuration holds ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error or warning about the configuration; line and column count from 1."""

    message: str
    suggestion: str = ""
    file: str = ""
    line: int = 1
    column: int = 1
    width: int = 1
    source: str = ""  # the line as it stands in the file, for the caret
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Feed:
    """One URL that is polled."""

    url: str
    name: str | None = None  # None: the feed's own title is used
    tags: tuple[str, ...] = ()
    place: str | None = None
    look_back_s: float = 86_400.0
    lang: str | None = None
    fulltext: bool = False
    paywall: bool = False
    check: Literal["auto", "often"] = "auto"
    respect_cache: bool = True
    ca_file: str | None = None  # None: the system's certificate authorities
    auth: Secret | None = None  # "user:password"


@dataclass(frozen=True, slots=True)
class Urgent:
    """When a rule's match goes out at once."""

    query: Node
    newer_than_s: float | None = None
    note: Mapping[str, str] = field(default_factory=dict)  # language -> text


@dataclass(frozen=True, slots=True)
class Rule:
    """One question put to every article. `tree` holds query, `except` and `in` together."""

    name: str  # "ice"; a query written at a subscriber: "ana-flores/jail"
    query: str  # in the query language, as written or as the YAML form reads in it
    tree: Node
    titles: Mapping[str, str] = field(default_factory=dict)  # language -> title
    feeds: tuple[str, ...] = ()  # names, URLs or tags; empty: all
    places: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    caps: Literal["accept", "reject"] = "accept"
    urgent: Urgent | None = None
    weight: float = 1.0
    match_examples: tuple[str, ...] = ()
    skip_examples: tuple[str, ...] = ()

    def title(self, language: str = "en") -> str:
        """Return the title for readers of `language`; the name, made readable, if there is none."""
        for candidate in (language, "en"):
            if candidate in self.titles:
                return self.titles[candidate]
        if self.titles:
            return next(iter(self.titles.values()))
        return self.name.rpartition("/")[2].replace("-", " ").replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Cadence:
    """When a subscriber wants digests. `text` is canonical and the identity of its slots."""

    text: str  # "weekdays at 7:30 am and 5 pm", "right away", "urgent only", "cron 0 8 * * mon"
    kind: Literal["right away", "calendar", "urgent only"]
    crons: tuple[str, ...] = ()  # kind calendar: five-field expressions, names for weekdays


@dataclass(frozen=True, slots=True)
class Window:
    """A daily stretch of local time in minutes since midnight; may pass midnight."""

    start_min: int
    end_min: int
    text: str = ""


DestinationKind = Literal[
    "email", "slack", "webhook", "discord", "teams", "mattermost", "telegram", "google_chat",
    "matrix", "ntfy", "notify",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Destination:
    """One address or webhook. Identity: subscriber, kind and place, never the secret."""

    subscriber: str  # id of the subscriber; "admin" for the admins'
    kind: DestinationKind
    place: str  # the mail address, or the host (second of a kind and host: "host#2")
    name: str = ""  # "Ana" of "Ana <ana@example.org>"
    url: Secret | None = None  # where a webhook is posted to
    secret: Secret | None = None  # what it is signed with

    @property
    def key(self) -> str:
        """The identity as one string, safe to show and log: "ice-watch/slack/hooks.slack.com"."""
        return f"{self.subscriber}/{self.kind}/{self.place}"

    @property
    def target(self) -> str:
        """What a stop or a pause is about: a mail address whoever writes to it, or one webhook."""
        if self.kind != "email":
            return self.key
        local, _, domain = self.place.rpartition("@")
        return f"email/{local.casefold()}@{domain.lower()}"

    @property
    def is_person(self) -> bool:
        """Whether one person reads it (mail), not a room."""
        return self.kind == "email"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscriber's wish to be told of one rule; `when` None: the subscriber's own."""

    rule: str
    when: Cadence | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is told."""

    id: str
    name: str
    subscriptions: tuple[Subscription, ...]
    destinations: tuple[Destination, ...]
    when: Cadence
    timezone: str = "UTC"
    quiet: Window | None = None
    urgent: Literal["always", "never"] | Window = "never"
    language: Literal["en", "es"] = "en"
    nothing_new: Literal["silent", "weekly note"] = "silent"
    style: Literal["full", "brief"] = "full"
    welcome: bool = False
    mention: Literal["none", "here"] = "none"
    subject: Literal["plain", "discreet"] = "plain"
    corrections: bool = False
    spread_s: float = 180.0
    pause_until: float | None = None

    def cadences(self) -> dict[str, Cadence]:
        """Return the distinct cadences of the subscriptions by their canonical text."""
        found = [s.when or self.when for s in self.subscriptions]
        return {cadence.text: cadence for cadence in found}

    def rules_of(self, cadence: str) -> frozenset[str]:
        """Return the names of the rules told at `cadence`."""
        mine = (s for s in self.subscriptions if (s.when or self.when).text == cadence)
        return frozenset(s.rule for s in mine)


@dataclass(frozen=True, slots=True)
class Config:
    """A whole, valid configuration."""

    feeds: tuple[Feed, ...] = ()
    rules: tuple[Rule, ...] = ()  # named ones first, then those written at subscribers
    subscribers: tuple[Subscriber, ...] = ()
    admins: tuple[Destination, ...] = ()
    not_in_effect: tuple[str, ...] = ()  # keys that are set and whose behaviour is still to come
    version: str = ""  # hash of the files' bytes: which configuration this is

    def rule(self, name: str) -> Rule | None:
        """Return the rule of that name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def destination(self, key: str) -> Destination | None:
        """Return the destination of that key."""
        places = (d for s in self.subscribers for d in s.destinations)
        return next((d for d in (*places, *self.admins) if d.key == key), None)


# --- what comes from feeds -------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class NotModified:
    """304: nothing new. `validators` holds what the answer renewed (None: keep)."""

    validators: Validators
    max_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A document that is a feed. `complete` False: cut short, entries usable, state is not."""

    title: str
    entries: tuple[Entry, ...]
    lang: str | None = None
    complete: bool = True
    ttl_s: float | None = None
    dropped: int = 0  # items with nothing in them


# --- matching --------------------------------------------------------------------------------


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


# --- digests ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of plain text, marked if a rule's words are in it."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where a story can be read."""

    name: str
    link: str | None
    at: float  # published, else first seen
    paywall: bool = False
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One entry owed to one subscriber: the row that must never be lost, with what it shows."""

    entry_id: int
    entry: Entry
    seen_at: float
    outlets: tuple[Outlet, ...]  # the first is the one the entry came from
    matches: tuple[Match, ...]
    late: bool = False  # folded in from a delivery that expired


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """What a reader must know of one source to trust a digest's silence."""

    name: str
    ok: bool
    since: float | None = None  # when it could last be read, if not ok
    reason: str = ""  # in readers' words


@dataclass(frozen=True, slots=True)
class Story:
    """One article as it stands in a digest."""

    title: str  # plain, safe characters, never cut below 1 KB
    link: str | None
    outlets: tuple[Outlet, ...]
    excerpt: tuple[Piece, ...]
    rules: tuple[str, ...]  # names; the first is the one it is listed under
    entry_id: int = 0
    lang: str | None = None
    caps_only: bool = False
    late: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """The stories listed under one rule."""

    rule: str
    title: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """A subscriber's alerts of one slot, ready to be rendered in any form."""

    id: str  # 32 hexadecimal digits
    subscriber: Subscriber
    slot: str  # local date and time of the slot, or the digest's own moment
    created_at: float
    since_at: float | None
    sections: tuple[Section, ...]
    health: tuple[FeedHealth, ...]
    explanations: Mapping[str, str] = field(default_factory=dict)  # rule title -> plain words
    next_at: float | None = None
    titles: Mapping[str, str] = field(default_factory=dict)  # rule name -> title, of all followed

    @property
    def stories(self) -> tuple[Story, ...]:
        """Every story once, in reading order."""
        return tuple(story for section in self.sections for story in section.stories)


# --- deliveries ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mail:
    """One part of a digest as a mail: everything but the headers that a delivery adds."""

    subject: str
    text: str
    html: str
    language: str = "en"
    list_id: str = ""  # "ana-flores"
    list_name: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One part of a digest as a JSON document to post."""

    document: Mapping[str, Any]


Rendered = Mail | Post

DeliveryState = Literal[
    "pending", "sending", "delivered", "written", "delayed", "failed", "suppressed"
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One part of one digest to one destination."""

    id: str  # 32 hexadecimal digits: Message-ID and webhook-id are made of it
    destination: Destination
    payload: bytes  # what is sent, rendered once
    attempts: int = 0  # tries counted so far
    created_at: float = 0.0


#: What became of one try:
#: delivered  the server accepted it            written    it lies in the spool
#: retry      try again later, not our fault    ambiguous  nobody knows whether it was accepted
#: refused    this message will never be taken  suppress   the address or webhook is no more
#: our_fault  we must mend something first; the destination is not to blame
SendOutcome = Literal[
    "delivered", "written", "retry", "ambiguous", "refused", "suppress", "our_fault"
]


@dataclass(frozen=True, slots=True)
class SendResult:
    """One try's result, as the server said it."""

    outcome: SendOutcome
    kind: str  # closed words of delivery: "ok", "rate_limited", "bad_address", "network", …
    code: str = ""  # "550 5.1.1", "429"
    server_text: str = ""  # the server's words, ≤ 4 KB, no secret in them
    hint: str = ""  # what a person can do
    server: str = ""  # host that answered
    retry_after_s: float | None = None
    scope: Literal["delivery", "destination", "server"] = "delivery"  # who has to wait
