"""From a rule to its plan, which is made when an article first has the rule's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from alerts.model import Rule
from alerts.rules.clauses import Clauses
from alerts.rules.fields import EVERYWHERE, SHOWN, language_of
from alerts.rules.leaves import Leaves
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

NOBODY: Mapping[str, Rule] = MappingProxyType({})


class Compiled(NamedTuple):
    """A rule that can be asked."""

    rule: Rule
    plan: Plan
    needs_capitals: bool


def compiled(rule: Rule, leaves: Leaves, refers_to: Mapping[str, Rule] = NOBODY) -> Compiled:
    """Return the rule's plan; `refers_to`: the rules it named when its words were taken."""
    compiler = _Compiler(leaves, refers_to)
    plan = compiler.plan(rule.tree, Place(language_of(rule), (rule.name,)))
    return Compiled(rule, plan, compiler.needs_capitals)


class _Compiler:
    def __init__(self, leaves: Leaves, refers_to: Mapping[str, Rule]) -> None:
        self.needs_capitals = False
        self._leaves = leaves
        self._refers_to = refers_to

    def plan(self, node: Node, place: Place) -> Plan:
        match node:
            case Term():
                return self._term(node, place)
            case Regex():
                return RegexPlan(node, EVERYWHERE if place.is_phrase else place.scope or SHOWN)
            case And(parts):
                return AllPlan(tuple(self.plan(part, place) for part in parts))
            case Or(parts):
                return AnyPlan(self._alternatives([self.plan(part, place) for part in parts]))
            case Not(drop, keep):
                kept = None if keep is None else self.plan(keep, place)
                there = place._replace(is_dropped=not place.is_dropped)
                return NotPlan(self.plan(drop, there), kept)
            case Near(left, right, within):
                return NearPlan(self.plan(left, place), self.plan(right, place), within)
            case Except():
                return self._except(node, place)
            case Scope(fields, inner):
                return self.plan(inner, place.within(fields))
            case Fact():
                return FactPlan(node, place.is_dropped)
            case RuleRef(name):
                rule = self._refers_to[name]
                return self.plan(rule.tree, place.referred(language_of(rule), name))

    def _term(self, term: Term, place: Place) -> Plan:
        sequences = term_sequences(term, place.language)
        if not sequences:
            return NoWords()
        runs: tuple[Run, ...] = ()
        scope = place.scope
        if scope is None or scope != ("link",):
            runs += tuple(self._run(sequence, self._leaves.words) for sequence in sequences)
        if scope is not None and "link" in scope:
            runs += tuple(self._run(sequence, self._leaves.links) for sequence in sequences)
        plan = TermPlan(runs, scope, everywhere=place.is_phrase)
        self.needs_capitals |= plan.needs_capitals
        return plan

    def _run(self, sequence: Sequence, lexicon: Lexicon) -> Run:
        is_cased = lexicon is self._leaves.words and any(unit.needs_capitals for unit in sequence)
        return Run(tuple(map(lexicon.leaf, sequence)), is_cased)

    def _except(self, node: Except, place: Place) -> Plan:
        term = self.plan(node.term, place)
        there = phrase_places(node, place)
        phrases = self._alternatives(map(self.plan, node.phrases, there))
        if not self._has_not(node.term):
            return ExceptPlan(term, phrases, only_takes_away=True)
        return ExceptPlan(term, phrases, only_takes_away=False, needs=self._needs(node.term, place))

    def _alternatives(self, plans: Iterable[Plan]) -> Alternatives:
        return Alternatives(plans, self._leaves.commonness)

    def _needs(self, node: Node, place: Place) -> frozenset[int] | None:
        """Return leaves one of which is there wherever `node` holds, None if it needs no words.

        Without them a rule with a fact beside it, which is asked of every article, would look for
        80 phrases in each: half the time of the shipped rules.
        """
        reading = Clauses(self._leaves, self._refers_to.get, take=False)
        found = reading.of(node, place)
        if found is None or not all(clause[0] for clause in found):
            return None
        return frozenset(reading.rarest(clause[0]) for clause in found)

    def _has_not(self, node: Node) -> bool:
        return any(
            isinstance(inner, Not)
            or (isinstance(inner, RuleRef) and self._has_not(self._refers_to[inner.name].tree))
            for inner in walk(node)
        )
