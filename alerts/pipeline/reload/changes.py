"""What an edit changed, for admins: "+2 feeds, −1 rule, about 9 fewer alerts a week"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alerts.model import Config, Subscriber

#: U+2212: a hyphen before a number is overlooked.
_MINUS = "−"


#: So many changed subscribers are named, each with what changed there.
_NAMED = 3


def summary(old: Config, new: Config, weekly: int) -> str:
    """Return what `new` changes; `weekly`: how many more alerts a week that is likely to make."""
    told = [
        *_counted("feed", {f.url: f for f in old.feeds}, {f.url: f for f in new.feeds}),
        *_counted("rule", _rules(old), _rules(new)),
        *_subscribers({s.id: s for s in old.subscribers}, {s.id: s for s in new.subscribers}),
    ]
    if {a.key for a in old.admins} != {a.key for a in new.admins}:
        told.append("other admins")
    if weekly:
        more = "more" if weekly > 0 else "fewer"
        told.append(
            f"about {abs(weekly):,} {more} {'alert' if abs(weekly) == 1 else 'alerts'} a week"
        )
    return ", ".join(told) or "no feed, rule or subscriber changed"


def _subscribers(old: dict[str, Subscriber], new: dict[str, Subscriber]) -> list[str]:
    """Say who came and went, and of the few that changed what."""
    both = [key for key in new if key in old and new[key] != old[key]]
    told = _counted("subscriber", old, new | {key: old[key] for key in both})
    if len(both) > _NAMED:
        return [*told, f"{_many(both, 'subscriber')} changed"]
    return [*told, *(_changed(old[key], new[key]) for key in both)]


def _changed(old: Subscriber, new: Subscriber) -> str:
    """Return "+1 rule and −1 destination at Members (212 people)", else "Members changed"."""
    counted = [
        *_counted("rule", _follows(old), _follows(new)),
        *_counted("destination", _places(old), _places(new)),
    ]
    people = sum(place.is_person for place in new.destinations)
    name = " ".join(new.name.split()) + (f" ({people:,} people)" if people > 1 else "")
    return f"{' and '.join(counted)} at {name}" if counted else f"{name} changed"


def _follows(person: Subscriber) -> dict[str, Any]:
    return {s.rule: s for s in person.subscriptions}


def _places(person: Subscriber) -> dict[str, Any]:
    return {place.key: place.key for place in person.destinations}


def _rules(config: Config) -> dict[str, Any]:
    """Return the named rules; those written at subscribers count as theirs."""
    return {rule.name: rule for rule in config.rules if "/" not in rule.name}


def _counted(noun: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    come, gone = new.keys() - old.keys(), old.keys() - new.keys()
    changed = [key for key in new.keys() & old.keys() if new[key] != old[key]]
    told = [f"+{_many(come, noun)}"] if come else []
    told += [f"{_MINUS}{_many(gone, noun)}"] if gone else []
    told += [f"{_many(changed, noun)} changed"] if changed else []
    return told


def _many(items: Collection[str], noun: str) -> str:
    return f"{len(items):,} {noun}{'' if len(items) == 1 else 's'}"
