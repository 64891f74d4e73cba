"""Rules that find the same, or nothing that another one does not find.

Only the rules are compared, never what they found; who follows them is told by the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from alerts.model import Rule
from alerts.rules.implied import implies, meaning
from alerts.rules.mistakes import LintWarning
from alerts.tree import RuleRef

_MOST_COMPARED = 100  # rules, each with each other one; nobody writes more of them by hand


def duplicates(rules: Sequence[Rule]) -> Iterator[LintWarning]:
    """Yield a warning for each rule that asks the same as an earlier named one.

    Rules written in place (`ana/raid`) are compared with those of the same subscriber only.
    """
    first: dict[object, str] = {}
    for rule in rules:
        subscriber = rule.name.rpartition("/")[0]
        question = (
            subscriber, meaning(rule.tree), rule.feeds, rule.places, rule.langs, rule.caps
        )  # fmt: skip
        earlier = first.setdefault(question, rule.name)
        if earlier == rule.name:
            continue
        hint = f"Take `{rule.name}` away and follow `{earlier}` instead."
        told = f"The rules `{earlier}` and `{rule.name}` ask the same."
        if subscriber:
            told, hint = "This asks the same as another rule of this subscriber.", "Take one away."
        yield LintWarning(rule.name, told, hint, end=max(1, len(rule.query)))


def contained(rules: Sequence[Rule]) -> Iterator[LintWarning]:
    """Yield a warning for each rule that finds nothing that another one of `rules` does not find.

    `rules` are those that one subscriber follows with the same `when`. A rule with a title, a
    weight or an urgent part of its own is meant so. The warning has no node: its place is where
    the subscriber follows the rule.
    """
    told: set[str] = set()
    for one, other in combinations(rules[:_MOST_COMPARED], 2):
        for narrow, broad in ((other, one), (one, other)):
            if narrow.name not in told and broad.name not in told and _is_in(narrow, broad):
                told.add(narrow.name)
                yield LintWarning(
                    narrow.name,
                    f"Everything that {_called(narrow)} finds, {_called(broad)} finds as well.",
                    f"Take {_called(narrow)} away, or give it a title of its own.",
                    end=max(1, len(narrow.query)),
                )


def _is_in(narrow: Rule, broad: Rule) -> bool:
    if narrow.titles or narrow.urgent or narrow.weight != broad.weight:
        return False
    if broad.caps == "reject" and narrow.caps != "reject":
        return False
    filters = (
        (narrow.feeds, broad.feeds), (narrow.places, broad.places), (narrow.langs, broad.langs)
    )  # fmt: skip
    if not all(_is_within(one, other) for one, other in filters):
        return False
    return implies(narrow.tree, broad.tree) or implies(narrow.tree, RuleRef(broad.name))


def _is_within(narrow: Collection[str], broad: Collection[str]) -> bool:
    return not broad or (bool(narrow) and set(narrow) <= set(broad))


def _called(rule: Rule) -> str:
    return f"`{rule.query}`" if "/" in rule.name else f"`{rule.name}`"
