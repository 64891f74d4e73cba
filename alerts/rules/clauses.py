"""Which words an article must have for a rule to hold: the filter before its plan is run.

Read off the tree, as most rules are never asked: no article has their words.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from alerts.model import Rule
from alerts.rules.fields import language_of, referred
from alerts.rules.patterns import compiled
from alerts.rules.places import Place, phrase_places
from alerts.rules.vocabulary import Sequence, Unit, term_sequences
from alerts.tree import And, Except, Fact, Near, Node, Not, Or, Regex, RuleRef, Scope, Term

_MAX_CLAUSES = 32  # of one AND; beyond, its most telling part stands for it

#: Leaves that are all there, and whether that is sure: the node holds then, else it must be asked.
Clause = tuple[tuple[int, ...], bool]

#: From a unit to its leaf.
LeafOf = Callable[[Unit], int]


class Clauses:
    """Reads trees; `leaves` are those of all their words, also of those that drop or except."""

    __slots__ = ("_leaf", "_link_leaf", "_rules", "leaves", "refers_to")

    def __init__(
        self, leaf: LeafOf, link_leaf: LeafOf, rules: Callable[[str], Rule | None]
    ) -> None:
        self.leaves: list[int] = []
        self.refers_to: dict[str, Rule] = {}
        self._leaf, self._link_leaf, self._rules = leaf, link_leaf, rules

    def of(self, node: Node, place: Place) -> tuple[Clause, ...] | None:
        """Return clauses one of which is true wherever `node` holds; None if it may without words.

        An empty tuple: it never holds.
        """
        match node:  # no patterns of attributes: they take twice as long
            case Term():
                return self._term(node, place)
            case Near():
                parts = [self.of(node.left, place), self.of(node.right, place)]
                return _all(parts, may_be_sure=False)
            case Or():
                return _any([self.of(part, place) for part in node.parts])
            case And():
                return _all([self.of(part, place) for part in node.parts])
            case Not():
                self.of(node.drop, place)
                return None if node.keep is None else _unsure(self.of(node.keep, place))
            case Except():
                return self._except(node, place)
            case Scope():
                return self.of(node.node, place.within(node.fields))
            case RuleRef():
                return self._reference(node.name, place)
            case Regex():
                compiled(node)
                return None
            case Fact():
                return None

    def _except(self, node: Except, place: Place) -> tuple[Clause, ...] | None:
        for phrase, there in zip(node.phrases, phrase_places(node, place), strict=True):
            self.of(phrase, there)
        return _unsure(self.of(node.term, place))

    def _reference(self, name: str, place: Place) -> tuple[Clause, ...] | None:
        rule = self.refers_to[name] = referred(name, self._rules, place.path)
        return self.of(rule.tree, place.referred(language_of(rule), name))

    def _term(self, term: Term, place: Place) -> tuple[Clause, ...]:
        sequences = term_sequences(term, place.language)
        scope = place.scope
        if scope is None:
            if len(sequences) == 1 and len(sequences[0]) == 1:  # mostly: at once
                (unit,) = sequences[0]
                leaf = self._leaf(unit)
                self.leaves.append(leaf)
                return (((leaf,), not unit.needs_capitals),)
            return tuple([(self._leaves(units, self._leaf), False) for units in sequences])
        sources = [] if scope == ("link",) else [self._leaf]
        if "link" in scope:
            sources.append(self._link_leaf)
        return tuple(
            [(self._leaves(units, source), False) for source in sources for units in sequences]
        )

    def _leaves(self, units: Sequence, leaf_of: LeafOf) -> tuple[int, ...]:
        found = tuple([leaf_of(unit) for unit in units])
        self.leaves += found
        return found


def _all(
    parts: list[tuple[Clause, ...] | None], *, may_be_sure: bool = True
) -> tuple[Clause, ...] | None:
    worded = [part for part in parts if part is not None]
    if not worded:
        return None
    if prod(map(len, worded)) > _MAX_CLAUSES:
        return _unsure(min(worded, key=len))
    may_be_sure = may_be_sure and len(worded) == len(parts)
    together = worded[0]
    for part in worded[1:]:
        together = tuple(
            [
                (some + leaves, may_be_sure and is_sure and sure)
                for some, is_sure in together
                for leaves, sure in part
            ]
        )
    return together if may_be_sure or len(worded) > 1 else _unsure(together)


def _any(parts: list[tuple[Clause, ...] | None]) -> tuple[Clause, ...] | None:
    together: list[Clause] = []
    for part in parts:
        if part is None:
            return None
        together += part
    return tuple(together)


def _unsure(found: tuple[Clause, ...] | None) -> tuple[Clause, ...] | None:
    return None if found is None else tuple([(leaves, False) for leaves, _ in found])
