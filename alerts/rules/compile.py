"""One rule in force: the words it asks for, and its plan, made when an article first has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from alerts.model import Rule
from alerts.rules.clauses import Clause, Clauses
from alerts.rules.fields import EVERYWHERE, SHOWN, language_of
from alerts.rules.lexicon import Lexicon
from alerts.rules.places import Place, phrase_places
from alerts.rules.plans import (
    AllPlan,
    Alternatives,
    AnyPlan,
    ExceptPlan,
    FactPlan,
    NearPlan,
    NotPlan,
    NoWords,
    Plan,
    RegexPlan,
    Run,
    TermPlan,
)
from alerts.rules.shapes import walk
from alerts.rules.vocabulary import Sequence, term_sequences
from alerts.tree import And, Except, Fact, Near, Node, Not, Or, Regex, RuleRef, Scope, Term

_NOBODY: Mapping[str, Rule] = MappingProxyType({})


class Compilation:
    """One rule as the matcher has it. Rules it refers to are those of the time it was made."""

    __slots__ = (
        "_lexicon", "_links", "_plan", "_taken", "anchors", "is_alive", "is_filtered",
        "needs_capitals", "order", "refers_to", "rule", "since",
    )  # fmt: skip

    def __init__(self, rule: Rule, order: int, lexicon: Lexicon, links: Lexicon) -> None:
        self.rule = rule
        self.order = order
        self.since = 0  # the matcher's version that has it
        self.is_filtered = bool(rule.feeds or rule.places or rule.langs)
        self.is_alive = True
        self.needs_capitals = False  # known once the plan is
        self.anchors: tuple[int, ...] = ()
        self.refers_to: Mapping[str, Rule] = _NOBODY
        self._lexicon, self._links = lexicon, links
        self._taken: tuple[int, ...] = ()
        self._plan: Plan | None = None

    def take(self, rules: Callable[[str], Rule | None]) -> tuple[Clause, ...] | None:
        """Take the rule's words into the lexicons and return its clauses (see `Clauses.of`).

        GrammarError, and nothing is taken, if it refers to a rule that is not there or to itself.
        """
        reading = Clauses(self._lexicon.take, self._links.take, rules)
        try:
            found = reading.of(self.rule.tree, self._place())
        except BaseException:
            self._taken = tuple(reading.leaves)
            self.release()
            raise
        self._taken = tuple(reading.leaves)
        if reading.refers_to:
            self.refers_to = reading.refers_to
        return found

    def release(self) -> None:
        """Give back what was taken from the lexicons."""
        for leaf in self._taken:
            (self._links if leaf & 1 else self._lexicon).drop(leaf)
        self._taken = ()

    def plan(self) -> Plan:
        """Return the plan; many threads may make it at once, all the same one."""
        if self._plan is None:
            self._plan = self._compiled(self.rule.tree, self._place())
        return self._plan

    def _place(self) -> Place:
        return Place(language_of(self.rule), (self.rule.name,))

    def _compiled(self, node: Node, place: Place) -> Plan:
        match node:
            case Term():
                return self._term(node, place)
            case Regex():
                return RegexPlan(node, EVERYWHERE if place.is_phrase else place.scope or SHOWN)
            case And(parts):
                return AllPlan(tuple(self._compiled(part, place) for part in parts))
            case Or(parts):
                return AnyPlan(self._alternatives([self._compiled(part, place) for part in parts]))
            case Not(drop, keep):
                kept = None if keep is None else self._compiled(keep, place)
                there = place._replace(is_dropped=not place.is_dropped)
                return NotPlan(self._compiled(drop, there), kept)
            case Near(left, right, within):
                return NearPlan(self._compiled(left, place), self._compiled(right, place), within)
            case Except():
                return self._except(node, place)
            case Scope(fields, inner):
                return self._compiled(inner, place.within(fields))
            case Fact():
                return FactPlan(node, place.is_dropped)
            case RuleRef(name):
                rule = self.refers_to[name]
                return self._compiled(rule.tree, place.referred(language_of(rule), name))

    def _term(self, term: Term, place: Place) -> Plan:
        sequences = term_sequences(term, place.language)
        if not sequences:
            return NoWords()
        runs: tuple[Run, ...] = ()
        scope = place.scope
        if scope is None or scope != ("link",):
            runs += tuple(self._run(sequence, self._lexicon) for sequence in sequences)
        if scope is not None and "link" in scope:
            runs += tuple(self._run(sequence, self._links) for sequence in sequences)
        plan = TermPlan(runs, scope, everywhere=place.is_phrase)
        self.needs_capitals |= plan.needs_capitals
        return plan

    def _run(self, sequence: Sequence, lexicon: Lexicon) -> Run:
        is_cased = lexicon is self._lexicon and any(unit.needs_capitals for unit in sequence)
        return Run(tuple(map(lexicon.leaf, sequence)), is_cased)

    def _except(self, node: Except, place: Place) -> Plan:
        term = self._compiled(node.term, place)
        there = phrase_places(node, place)
        phrases = self._alternatives(map(self._compiled, node.phrases, there))
        if not self._has_not(node.term):
            return ExceptPlan(term, phrases, only_takes_away=True)
        return ExceptPlan(term, phrases, only_takes_away=False, needs=self._needs(node.term, place))

    def _alternatives(self, plans: Iterable[Plan]) -> Alternatives:
        return Alternatives(plans, self._lexicon.commonness)

    def _needs(self, node: Node, place: Place) -> frozenset[int] | None:
        """Return leaves one of which is there wherever `node` holds, None if it needs no words.

        Without them a rule with a fact beside it, which is asked of every article, would look for
        80 phrases in each: half the time of the shipped rules.
        """
        reading = Clauses(self._lexicon.leaf, self._links.leaf, self.refers_to.get)
        found = reading.of(node, place)
        if found is None:
            return None
        commonness = self._lexicon.commonness
        return frozenset(
            min(leaves, key=lambda leaf: commonness.get(leaf, 0)) for leaves, _ in found
        )

    def _has_not(self, node: Node) -> bool:
        return any(
            isinstance(inner, Not)
            or (isinstance(inner, RuleRef) and self._has_not(self.refers_to[inner.name].tree))
            for inner in walk(node)
        )
