"""What the stages are given to work with: the open database, the clock, the configuration in force.

`InForce` is swapped whole when a configuration is accepted; work that holds the old one ends on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from alerts.clock import Clock
from alerts.delivery.transport import Transport
from alerts.digests import slots
from alerts.digests.render import Renderer
from alerts.feeds.apart import Reader
from alerts.feeds.fetch import ACCEPT
from alerts.model import (
    Config,
    Destination,
    DestinationKind,
    Feed,
    FetchedBody,
    FetchFailure,
    NotModified,
    Subscriber,
    Validators,
)
from alerts.pipeline.wording import Wording
from alerts.rules.matcher import Matcher
from alerts.rules.urgency import Urgencies
from alerts.settings import Settings
from alerts.store.database import Database


class Fetches(Protocol):
    """What a poll asks; see `feeds.fetch` (HTTP) and `feeds.memory`."""

    def fetch(
        self,
        feed: Feed,
        validators: Validators,
        accept: str = ACCEPT,
        deadline_s: float | None = None,
        /,
    ) -> FetchedBody | NotModified | FetchFailure:
        """Ask once; whatever goes wrong is a value."""
        ...


@dataclass(frozen=True)
class InForce:
    """A configuration with what is looked up in it all the time."""

    config: Config
    matcher: Matcher
    since: Mapping[tuple[str, str], float]  # (subscriber, rule) -> followed since
    people: Mapping[str, Subscriber] = field(default_factory=dict)
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    followers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[str, Destination] = field(default_factory=dict)  # by key
    urgencies: Urgencies = field(default_factory=Urgencies)
    alarmed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # told only what is urgent
    sharers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # target of several -> ids
    wording: Wording = field(default_factory=Wording)

    @classmethod
    def of(cls, config: Config, since: Mapping[tuple[str, str], float]) -> InForce:
        """Compile the rules and index who follows what."""
        followers: defaultdict[str, list[str]] = defaultdict(list)
        alarmed: defaultdict[str, list[str]] = defaultdict(list)
        for person in config.subscribers:
            for subscription in person.subscriptions:
                if (subscription.when or person.when).kind != "urgent only":
                    followers[subscription.rule].append(person.id)
                elif slots.urgent_at(person, 0.0) is not None:
                    alarmed[subscription.rule].append(person.id)
        return cls(
            config=config,
            matcher=Matcher(config.rules),
            since=since,
            people={person.id: person for person in config.subscribers},
            feeds={feed.url: feed for feed in config.feeds},
            followers={rule: tuple(ids) for rule, ids in followers.items()},
            sharers=_sharers(config),
            wording=Wording(config.rules),
            urgencies=Urgencies(config.rules),
            alarmed={rule: tuple(ids) for rule, ids in alarmed.items()},
            places={place.key: place for place in config.destinations},
        )


def _sharers(config: Config) -> dict[str, tuple[str, ...]]:
    """Return the mail addresses that stand under several subscribers, with those."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for person in config.subscribers:
        for target in {place.target for place in person.destinations if place.is_person}:
            found[target].append(person.id)
    return {target: tuple(ids) for target, ids in found.items() if len(ids) > 1}


@dataclass
class Parts:
    """Everything a stage needs from outside; only `in_force` and `renderer` are ever swapped."""

    database: Database
    clock: Clock
    settings: Settings
    fetcher: Fetches
    renderer: Renderer
    transports: Mapping[DestinationKind, Transport]
    in_force: InForce
    reader: Reader = field(default_factory=Reader)
