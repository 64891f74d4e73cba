"""A morning of made-up news and its readers, as many as wanted; always the same ones.

Twelve rules with ten articles each; every reader follows two of them, so that a digest holds twenty
stories and many readers share each. Some headlines have typographic quotes, some stories other
outlets; one reader in ten lives in a second zone, one in eight reads Spanish.
"""

from __future__ import annotations

from itertools import combinations

from alerts.clock import FakeClock
from alerts.digests.assemble import assemble
from alerts.digests.mail import MailContext
from alerts.digests.when import parse_when
from alerts.model import (
    Alert,
    Destination,
    Digest,
    Entry,
    FeedHealth,
    Match,
    Outlet,
    Rule,
    Span,
    Subscriber,
    Subscription,
)
from alerts.tree import Term, Word

NOW = 1_795_527_000.0  # a Tuesday, 7:30 am in Chicago
TOPICS = (
    *("ICE", "Sanctuary", "Madison", "Harbor strike", "Water rates", "School closures"),
    *("Bridge repairs", "Rent freeze", "County budget", "Bus lines", "River flood", "Clinic hours"),
)
PER_TOPIC = 10
SOURCES = 300
ZONES = (*("America/Chicago",) * 9, "America/Denver")
DAY_S = 86_400.0
WORDS = (
    "the county board voted on a plan to lease offices for two years and residents said that they"
    " had not been told while staff of the district wrote to families about the new hours in a"
    " letter which the register of deeds published late on Friday after six hours of debate over"
    " costs that a panel called the next step for a city that grows faster than its streets"
)


def rules() -> tuple[Rule, ...]:
    """Return the rules."""
    return tuple(Rule(name, name, Term((Word(name),)), titles={"en": name}) for name in TOPICS)


class Morning:
    """The articles of the day, and what each reader gets of them."""

    def __init__(self) -> None:
        self._clock = FakeClock(seed=11)
        self._rules = rules()
        self._pairs = list(combinations(TOPICS, 2))
        self._when = parse_when("weekdays at 7:30 am")
        self._missing = [FeedHealth("Lake Ledger", NOW - 2 * DAY_S)]
        self.alerts = {
            topic: [self._alert(at * PER_TOPIC + n, topic) for n in range(PER_TOPIC)]
            for at, topic in enumerate(TOPICS)
        }

    def _words(self, count: int) -> str:
        words = WORDS.split()
        start = int(self._clock.random() * (len(words) - count))
        return " ".join(words[start : start + count])

    def _alert(self, number: int, topic: str) -> Alert:
        quoted = f"“{topic}”" if number % 3 == 0 else topic
        title = f"{quoted}: {self._words(9)} ({number})"
        before = self._words(12).capitalize()
        summary = f"{before}, {topic} {self._words(24)}. {self._words(20).capitalize()}."
        start = len(before) + 2
        at = NOW - 300.0 * number - 600.0
        link = f"https://outlet{number % 40}.example/2026/11/24/{title[:20].strip('“”')}/{number}"
        link = link.replace(" ", "-")
        others = [Outlet(f"Wire {n}", f"{link}?wire={n}", at + 60 * n) for n in range(number % 3)]
        return Alert(
            entry_id=number + 1,
            entry=Entry(title=title, link=link, summary=summary, published_at=at),
            seen_at=at + 200,
            outlets=(Outlet(f"Outlet {number % 40}", link, at, number % 5 == 0), *others),
            matches=(Match(topic, (Span("summary", start, start + len(topic)),)),),
        )

    def reader(self, number: int) -> Subscriber:
        """Return a reader of two topics."""
        name = f"reader-{number}"
        return Subscriber(
            id=name,
            name=f"Reader {number}",
            subscriptions=tuple(map(Subscription, self._pairs[number % len(self._pairs)])),
            destinations=(Destination(name, "email", f"{name}@example.org"),),
            when=self._when,
            timezone=ZONES[number % len(ZONES)],
            language="es" if number % 8 == 7 else "en",
        )

    def digest(self, number: int) -> Digest:
        """Return the digest of a reader."""
        person = self.reader(number)
        owed = [alert for one in person.subscriptions for alert in self.alerts[one.rule]]
        return assemble(
            digest_id=f"{number:032x}",
            subscriber=person,
            slot="2026-11-24T07:30",
            alerts=owed,
            rules=self._rules,
            sources=SOURCES,
            missing=self._missing,
            explanations=dict.fromkeys(TOPICS, "these words, whatever their case"),
            created_at=NOW + number % 60,
            since_at=NOW - DAY_S,
            next_at=NOW + DAY_S,
        )


def context(number: int) -> MailContext:
    """Return what a mail says of itself and its reader."""
    return MailContext(f"reader-{number}@example.org", "desk@example.org", stop_link=link(number))


def link(number: int) -> str:
    """Return the reader's link to stop mails."""
    return f"https://alerts.example.org/u/{number:043d}"
