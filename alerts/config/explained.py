"""Rules and subscribers in plain words, for `check --explain`."""

from __future__ import annotations

from alerts.config.findings import listed
from alerts.model import Config, Rule, Subscriber, Window
from alerts.rules import words


def explanations(config: Config) -> dict[str, str]:
    """Return name (or id) -> plain words of every rule and subscriber."""
    titles = {rule.name: rule.title() for rule in config.rules}
    told = {rule.name: rule_words(rule, titles) for rule in config.rules}
    told |= {s.id: subscriber_words(s, titles) for s in config.subscribers}
    return told


def rule_words(rule: Rule, titles: dict[str, str]) -> str:
    """Return what a rule looks for and where."""
    told = words.explain(rule.tree, "en", titles)
    for what, values in (
        ("only from", rule.feeds),
        ("only from feeds of", rule.places),
        ("only in the language", rule.langs),
    ):
        if values:
            told += f"; {what} {listed(values)}"
    return f"{told}."


def subscriber_words(subscriber: Subscriber, titles: dict[str, str]) -> str:
    """Return what a subscriber gets, where and when."""
    follows = [
        titles[s.rule] + (f" ({s.when.text})" if s.when else "") for s in subscriber.subscriptions
    ]
    told = f"{subscriber.name} follows {listed(follows, 'and') if follows else 'nothing'}"
    told += f", {subscriber.when.text} ({subscriber.timezone})"
    if isinstance(subscriber.quiet, Window):
        told += f", quiet from {subscriber.quiet.text}"
    places = [f"{place.kind} {place.place}" for place in subscriber.destinations]
    return f"{told}, by {listed(places, 'and')}." if places else f"{told}."
