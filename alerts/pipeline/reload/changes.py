"""What an edit changed, for admins: "+2 feeds, −1 rule, about 9 fewer alerts a week"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alerts.model import Config

#: U+2212: a hyphen before a number is overlooked.
_MINUS = "−"


def summary(old: Config, new: Config, weekly: int) -> str:
    """Return what `new` changes; `weekly`: how many more alerts a week that is likely to make."""
    told = [
        *_counted("feed", {f.url: f for f in old.feeds}, {f.url: f for f in new.feeds}),
        *_counted("rule", _rules(old), _rules(new)),
        *_counted(
            "subscriber",
            {s.id: s for s in old.subscribers},
            {s.id: s for s in new.subscribers},
        ),
    ]
    if {a.key for a in old.admins} != {a.key for a in new.admins}:
        told.append("other admins")
    if weekly:
        more = "more" if weekly > 0 else "fewer"
        told.append(
            f"about {abs(weekly):,} {more} {'alert' if abs(weekly) == 1 else 'alerts'} a week"
        )
    return ", ".join(told) or "no feed, rule or subscriber changed"


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
