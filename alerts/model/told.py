"""What is told: digests as they are rendered, and deliveries as they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alerts.model.configured import Destination, Subscriber
from alerts.model.found import Entry, Match


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
    urgent_at: float | None = None  # when it was sent as urgent, if it arrived
    changed_at: float | None = None  # when the article changed after that, if it did
    withdrawn_at: float | None = None  # when its feed was seen to take it back, if it did


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """What a reader must know of a source that could not be read."""

    name: str
    since: float | None = None  # when it could last be read
    reason: str = ""  # in readers' words, English
    kind: str = "unasked"  # the class of the failure


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
    urgent_at: float | None = None  # as of an alert
    changed_at: float | None = None
    withdrawn_at: float | None = None
    told_at: float | None = None  # when the reader was told before, of stories of `Digest.below`
    seen_at: float | None = None  # when we first saw it
    was: str = ""  # the headline that the reader was told then, if it is another one now

    def __hash__(self) -> int:
        """Of what tells most stories apart: a digest's are looked up by the hundred."""
        return hash((self.entry_id, self.title, self.link))

    @property
    def is_repeated(self) -> bool:
        """Whether it was sent as urgent and did not change: a line is enough."""
        return self.urgent_at is not None and self.changed_at is None


@dataclass(frozen=True, slots=True)
class Section:
    """The stories listed under one rule, or of `Digest.below` for one reason."""

    rule: str
    title: str
    stories: tuple[Story, ...]


#: Why stories come late: the mail server was silent, or refused; a room's did; we did nothing.
LateCause = Literal["no answer", "no mail", "no post", "stood still"]


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many stories come late, because of what, from when to when."""

    cause: LateCause
    since: float
    until: float
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """A subscriber's alerts of one slot, ready to be rendered in any form."""

    id: str  # 32 hexadecimal digits
    subscriber: Subscriber
    slot: str  # local date and time of the slot, or the digest's own moment
    created_at: float
    since_at: float | None
    sections: tuple[Section, ...]
    sources: int  # how many feeds are configured
    missing: tuple[FeedHealth, ...]  # those of them that could not be read
    explanations: Mapping[str, str] = field(default_factory=dict)  # rule title -> plain words
    next_at: float | None = None
    titles: Mapping[str, str] = field(default_factory=dict)  # rule name -> title, of all followed
    late: Lateness | None = None
    sharers: tuple[Subscriber, ...] = ()  # whose news it is, if several share the address
    below: tuple[Section, ...] = ()  # told before, by one line each: no stories of its own

    @property
    def stories(self) -> tuple[Story, ...]:
        """Every story once, in reading order."""
        return tuple(story for section in self.sections for story in section.stories)


@dataclass(frozen=True, slots=True)
class Urgency:
    """What an urgent alert says beside its story."""

    because: str  # what made it urgent, in plain words of the reader's language
    newer_than_s: float | None
    seen_at: float
    published_at: float | None
    note: str = ""  # the group's own line, for passing on


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is told again of a story that was told as urgent: another headline, or a withdrawal."""

    told_at: float  # as urgent
    at: float  # when we saw the change
    was: str  # the headline as its reader knows it, plain and of safe characters
    is_withdrawal: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """One part of a digest as a mail: everything but the headers that a delivery adds."""

    subject: str
    text: str
    html: str
    language: str = "en"
    list_id: str = ""  # "ana-flores"
    list_name: str = ""
    sender: str = ""  # the name it comes from, if that must not be the usual one
    latency: str = ""  # for programs: "seen=312; made=64", the longest waits of its stories


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
