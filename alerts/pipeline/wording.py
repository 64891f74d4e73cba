"""The rules in force in the words of their readers; each is put into words once a language."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.model import Rule
from alerts.rules.shapes import walk
from alerts.rules.words import explain
from alerts.tree import Node, RuleRef

#: How many alternatives of a rule are named in a footer before "12 others".
_LONGEST_LIST = 6


class Wording:
    """Rules by name, and what they look for."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = {rule.name: rule for rule in rules}
        self._told: dict[tuple[str, str], str] = {}

    def of(self, name: str, language: str) -> str:
        """Return what the rule of that name looks for; KeyError if there is none."""
        told = self._told.get((name, language))
        if told is None:
            told = self._told[name, language] = self.put(self.rules[name].tree, language)
        return told

    def put(self, tree: Node, language: str) -> str:
        """Return what a query looks for; rules that it names have their titles."""
        named = {node.name for node in walk(tree) if isinstance(node, RuleRef)}
        titles = {name: self.rules[name].title(language) for name in named & self.rules.keys()}
        return explain(tree, language, titles, most=_LONGEST_LIST)
