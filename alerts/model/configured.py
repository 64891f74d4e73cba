"""What the configuration holds: feeds, rules, subscribers, destinations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from alerts.model.secret import Secret
from alerts.tree import Node

_OPERATORS = frozenset({"AND", "OR", "NOT", "NEAR", "EXCEPT"})


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
        words = " ".join(map(self._word, re.split("[-_]", self.name.rpartition("/")[2])))
        return words[:1].upper() + words[1:]

    def _word(self, word: str) -> str:
        """Return a word of the name in capitals if the query asks for it so: ICE is no ice."""
        capitals = word.upper()
        if capitals not in self.query or capitals in _OPERATORS:
            return word
        is_asked = re.search(rf"\b{re.escape(capitals)}\b", self.query) is not None
        return capitals if is_asked else word


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
    def is_admin(self) -> bool:
        """Whether it is where an admin hears of troubles."""
        return self.subscriber == "admin"

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

    @property
    def admin(self) -> str | None:
        """The address that questions and replies go to: the first admin's."""
        return next((place.place for place in self.admins if place.kind == "email"), None)

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Every destination, the admins' last."""
        return (*(d for s in self.subscribers for d in s.destinations), *self.admins)

    def rule(self, name: str) -> Rule | None:
        """Return the rule of that name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def destination(self, key: str) -> Destination | None:
        """Return the destination of that key."""
        return next((place for place in self.destinations if place.key == key), None)
