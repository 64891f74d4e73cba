"""Warnings about rules that are valid and probably not meant, at their lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from alerts.config.nodes import Node, ScalarNode
from alerts.config.reading import Reading
from alerts.config.rules import Draft
from alerts.model import Cadence, Rule, Subscription
from alerts.rules import lint
from alerts.rules.mistakes import LintWarning


def warn(
    reading: Reading,
    drafts: Sequence[Draft],
    judge: Callable[[Sequence[Rule]], Iterable[LintWarning]],
) -> None:
    """Record what `rules.lint` and `judge` say about rules whose references hold."""
    by_name = {draft.name: draft for draft in drafts if draft.rule is not None}
    rules = [draft.rule for draft in by_name.values() if draft.rule is not None]
    for found in (*lint.warnings(rules), *judge(rules)):
        draft = by_name[found.rule]
        if found.node is not None:
            place, start, end = draft.place_of(found.node)
            reading.findings.warn(place, found.message, found.hint, start=start, end=end)
            continue
        at = _scalar(draft)
        if at is None:
            reading.findings.warn(draft.at, found.message, found.hint)
        else:
            reading.findings.warn(at, found.message, found.hint, start=found.start, end=found.end)


def warn_contained(
    reading: Reading, drafts: Sequence[Draft], followed: Iterable[Mapping[Subscription, Node]]
) -> None:
    """Record each rule that finds nothing new for a subscriber who follows it with others."""
    rules = {draft.name: draft.rule for draft in drafts if draft.rule is not None}
    for places in followed:
        by_when: dict[Cadence | None, dict[str, Node]] = {}
        for subscription, at in places.items():
            if subscription.rule in rules:
                by_when.setdefault(subscription.when, {})[subscription.rule] = at
        for names in by_when.values():
            for found in lint.contained([rules[name] for name in names]):
                reading.findings.warn(names[found.rule], found.message, found.hint)


def _scalar(draft: Draft) -> ScalarNode | None:
    """Return the one scalar whose value is the rule's query as it was written."""
    if len(draft.pieces) == 1 and draft.rule and draft.pieces[0][0].value == draft.rule.query:
        return draft.pieces[0][0]
    return None
