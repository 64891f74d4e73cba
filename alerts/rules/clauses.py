"""Which leaves an article must have for a rule to hold: the filter before its plan is run.

Read off the tree, as most rules are never asked: no article has their words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from math import prod

from alerts.model import Rule
from alerts.rules.fields import language_of, referred
from alerts.rules.leaves import Leaves
from alerts.rules.patterns import compiled
from alerts.rules.places import Place, phrase_places
from alerts.rules.vocabulary import Unit, term_sequences
from alerts.tree import And, Except, Fact, Near, Node, Not, Or, Regex, RuleRef, Scope, Term, Word

_MAX_CLAUSES = 32  # of one AND; beyond, its most telling part stands for it


#: Leaves that are all there if it holds; leaves that make it doubtful; whether it does hold where
#: all of the former and none of the latter are. A plain tuple: a rule comes into force in 15 µs.
Clause = tuple[tuple[int, ...], tuple[int, ...], bool]

#: Clauses one of which is true wherever a node holds; None: it may hold without any words.
Found = tuple[Clause, ...] | None


class Clauses:
    """Reads trees; `taken` are the leaves of all their words, also of those that drop or except."""

    __slots__ = ("_leaves", "_rules", "_take", "refers_to", "taken")

    def __init__(
        self, leaves: Leaves, rules: Callable[[str], Rule | None], *, take: bool = True
    ) -> None:
        self.taken: list[int] = []
        self.refers_to: dict[str, Rule] = {}
        self._leaves, self._rules, self._take = leaves, rules, take

    def of_rule(self, rule: Rule) -> Found:
        """Return the clauses of a rule, None if it may hold without words.

        GrammarError if it refers to a rule that is not there or to itself.
        """
        found = self.of(rule.tree, Place(language_of(rule), (rule.name,)))
        if found is None or _may_be_wordless(found):
            return None
        return _unsure(found) if rule.feeds or rule.places or rule.langs else found

    def of(self, node: Node, place: Place) -> Found:
        """Return the clauses of a node. An empty tuple: it never holds."""
        match node:  # no patterns of attributes: they take twice as long
            case Term():
                return self._term(node, place)
            case Near():
                return _unsure(_all([self.of(node.left, place), self.of(node.right, place)]))
            case Or():
                return _any([self.of(part, place) for part in node.parts])
            case And():
                return _all([self.of(part, place) for part in node.parts])
            case Not():
                dropped = self.of(node.drop, place)
                return self._doubted(node.keep, place, [dropped])
            case Except():
                there = phrase_places(node, place)
                return self._doubted(node.term, place, list(map(self.of, node.phrases, there)))
            case Scope():
                return self.of(node.node, place.within(node.fields))
            case RuleRef():
                return self._reference(node.name, place)
            case Regex():
                compiled(node)
                return None
            case Fact():
                return None

    def _doubted(self, node: Node | None, place: Place, against: Sequence[Found]) -> Found:
        """Return the clauses of `node` (None: what holds always), doubtful where `against` may."""
        found = (((), (), True),) if node is None else self.of(node, place)
        if found is None:
            return None
        doubts: dict[int, None] = {}
        for some in against:
            if some is None or _may_be_wordless(some):
                return _unsure(found)
            for leaves, _, _ in some:
                doubts[leaves[0] if len(leaves) == 1 else self.rarest(leaves)] = None
        more = tuple(doubts)
        return tuple([(own, before + more, is_sure) for own, before, is_sure in found])

    def rarest(self, leaves: Collection[int]) -> int:
        """Return the leaf that is likely in the fewest articles."""
        return min(leaves, key=lambda leaf: self._leaves.commonness.get(leaf, 0))

    def _reference(self, name: str, place: Place) -> Found:
        rule = self.refers_to[name] = referred(name, self._rules, place.path)
        return self.of(rule.tree, place.referred(language_of(rule), name))

    # --- terms --------------------------------------------------------------------------------

    def _term(self, term: Term, place: Place) -> tuple[Clause, ...]:
        scope, words = place.scope, term.words
        if scope == ("link",):
            return tuple(self._in_links(term, place))
        if scope is None and len(words) == 1:  # mostly: at once
            leaf = self._leaves.word(words[0], is_last=True, take=self._take)
            if leaf:
                self.taken.append(leaf)
                return (((leaf,), (), True),)
        run = self._plain_run(words)
        if run:
            own = (self._standing(run, place, False),)
            return own if scope is None else (*own, *self._in_links(term, place))
        found = [
            self._standing(self._run(units), place, any(unit.needs_capitals for unit in units))
            for units in term_sequences(term, place.language)
        ]
        return (*found, *self._in_links(term, place))

    def _plain_run(self, words: Sequence[Word]) -> tuple[int, ...]:
        """Return the leaves of words without case and with one reading, else nothing."""
        leaf_of, take, last = self._leaves.word, self._take, len(words) - 1
        run = []
        for at, word in enumerate(words):
            leaf = leaf_of(word, is_last=at == last, take=take)
            if not leaf:
                return ()
            self.taken.append(leaf)
            run.append(leaf)
        return tuple(run)

    def _standing(self, run: tuple[int, ...], place: Place, is_cased: bool) -> Clause:
        """Return the clause of words next to each other, where the place looks for them."""
        scope, take = place.scope, self._take
        if place.is_phrase:  # also in a text that repeats another one
            return run, (), False
        if scope is None:
            if len(run) == 1:
                return run, (), not is_cased
            if len(run) == 2:
                leaf = self._leaves.pair(run[0], run[1], take=take)
                self.taken.append(leaf)
                return (leaf,), (), not is_cased
            made = [self._leaves.pair(a, b, take=take) for a, b in pairwise(run)]
        else:
            fields = scope if "link" not in scope else tuple([f for f in scope if f != "link"])
            made = [self._leaves.inside(fields, leaf, take=take) for leaf in run]
        self.taken += made
        return tuple(dict.fromkeys(made)), (), len(run) == 1 and not is_cased

    def _in_links(self, term: Term, place: Place) -> list[Clause]:
        if place.scope is None or "link" not in place.scope:
            return []
        sequences = term_sequences(term, place.language)
        return [(self._run(units, is_link=True), (), False) for units in sequences]

    def _run(self, units: Sequence[Unit], *, is_link: bool = False) -> tuple[int, ...]:
        lexicon = self._leaves.links if is_link else self._leaves.words
        run = tuple(map(lexicon.take if self._take else lexicon.leaf, units))
        self.taken += run
        return run


def _may_be_wordless(found: Sequence[Clause]) -> bool:
    for clause in found:  # noqa: SIM110 - any() takes 0.4 µs more
        if not clause[0]:
            return True
    return False


def _all(parts: Sequence[Found]) -> Found:
    if len(parts) == 2 and parts[0] and parts[1] and len(parts[0]) == len(parts[1]) == 1:  # mostly
        (a, b, is_sure), (c, d, sure) = parts[0][0], parts[1][0]
        return ((a + c, b + d, is_sure and sure),)
    worded = [part for part in parts if part is not None]
    if not worded:
        return None
    if prod(map(len, worded)) > _MAX_CLAUSES:
        telling = [part for part in worded if all(clause[0] for clause in part)]
        return _unsure(min(telling or worded, key=len))
    together = worded[0]
    for part in worded[1:]:
        together = tuple(
            [(a + c, b + d, is_sure and sure) for a, b, is_sure in together for c, d, sure in part]
        )
    return together if len(worded) == len(parts) else _unsure(together)


def _any(parts: Sequence[Found]) -> Found:
    together: list[Clause] = []
    for part in parts:
        if part is None:
            return None
        together += part
    return tuple(together)


def _unsure(found: Found) -> Found:
    return None if found is None else tuple([(clause[0], (), False) for clause in found])
