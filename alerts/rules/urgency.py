"""Which matches go out at once: the `urgent` of rules, put to articles that matched already.

Their queries stand in a matcher of their own, with the rules that they refer to: `matcher` and
whoever asks it know no urgency. When a reader may be told is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from alerts.model import Article, Match, Rule
from alerts.rules.fields import apart
from alerts.rules.matcher import Matcher
from alerts.rules.shapes import walk
from alerts.tree import Node, RuleRef


class Urgencies:
    """The urgent queries of the rules in force. May be asked by many threads at once."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        known = {rule.name: rule for rule in rules}
        self._rules = {name: rule for name, rule in known.items() if rule.urgent is not None}
        queries = [_query(rule) for rule in self._rules.values()]
        self._matcher = Matcher([*_referred([query.tree for query in queries], known), *queries])

    def mark(
        self, article: Article, shown: Article, matches: Sequence[Match], seen_at: float, now: float
    ) -> tuple[Match, ...]:
        """Return the article's matches, the urgent ones marked as such, with the words that say so.

        Places are counted in `shown`, the article as its digests show it. An article is as old as
        its published date; as the moment it was first seen, without one.
        """
        at = article.published_at if article.published_at is not None else seen_at
        asked = [_named(match.rule) for match in matches if self._is_new(match.rule, now - at)]
        if not asked:
            return tuple(matches)
        urgent = {one.rule: one.spans for one in self._matcher.spans(article, asked)}
        if urgent and shown != article:
            there = {one.rule: one.spans for one in self._matcher.spans(shown, urgent)}
            urgent = {name: there.get(name, ()) for name in urgent}
        return tuple(
            replace(match, is_urgent=True, spans=apart((*match.spans, *urgent[name])))
            if (name := _named(match.rule)) in urgent
            else match
            for match in matches
        )

    def _is_new(self, name: str, age_s: float) -> bool:
        rule = self._rules.get(name)
        if rule is None or rule.urgent is None:
            return False
        limit_s = rule.urgent.newer_than_s
        return limit_s is None or age_s <= limit_s


def _named(rule: str) -> str:
    """Return the name of a rule's urgent query, which no rule can have."""
    return f"{rule} (urgent)"


def _query(rule: Rule) -> Rule:
    if rule.urgent is None:
        raise ValueError(rule.name)
    return Rule(_named(rule.name), rule.query, rule.urgent.query, langs=rule.langs, caps=rule.caps)


def _referred(trees: Iterable[Node], known: Mapping[str, Rule]) -> Iterator[Rule]:
    """Yield the rules that the trees refer to, at whatever distance, each once."""
    waiting, met = list(trees), set[str]()
    while waiting:
        for node in walk(waiting.pop()):
            if isinstance(node, RuleRef) and node.name in known and node.name not in met:
                met.add(node.name)
                waiting.append(known[node.name].tree)
                yield known[node.name]
