"""From a rule's tree to its plan: units become leaves, references their rule's own plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from alerts.model import Rule
from alerts.rules.clauses import clauses
from alerts.rules.fields import EVERYWHERE, SHOWN, language_of, referred
from alerts.rules.lexicon import Lexicon
from alerts.rules.patterns import compiled
from alerts.rules.plans import (
    AllPlan,
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
from alerts.rules.vocabulary import Sequence, Unit, term_sequences
from alerts.tree import (
    TEXT_FIELDS,
    And,
    Except,
    Fact,
    Near,
    Node,
    Not,
    Or,
    Regex,
    RuleRef,
    Scope,
    Term,
    TextField,
)

_NO_LINK: tuple[TextField, ...] = tuple(field for field in TEXT_FIELDS if field != "link")


class _Place(NamedTuple):
    language: str
    path: tuple[str, ...]
    scope: tuple[TextField, ...] | None = None
    is_phrase: bool = False  # of an EXCEPT: looked for everywhere
    is_dropped: bool = False  # inside a NOT (inside two of them, it is not)


class Compilation:
    """One rule's plan and everything it took from the lexicons to be made."""

    __slots__ = (
        "_lexicon", "_link_terms", "_links", "_rules", "_taken", "needs_capitals", "plan",
        "refers_to",
    )  # fmt: skip

    def __init__(
        self, rule: Rule, rules: Callable[[str], Rule | None], lexicon: Lexicon, links: Lexicon
    ) -> None:
        self.refers_to: tuple[str, ...] = ()
        self.needs_capitals = False
        self._rules = rules
        self._lexicon, self._links = lexicon, links
        self._taken: list[tuple[Lexicon, Unit]] = []
        self._link_terms = 0
        try:
            self.plan = self._plan(rule.tree, _Place(language_of(rule), (rule.name,)))
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give back what was taken from the lexicons."""
        while self._taken:
            lexicon, unit = self._taken.pop()
            lexicon.drop(unit)

    def _plan(self, node: Node, place: _Place) -> Plan:
        match node:
            case Term():
                return self._term(node, place)
            case Regex():
                return self._regex(node, place)
            case And(parts):
                return AllPlan(tuple(self._plan(part, place) for part in parts))
            case Or(parts):
                return AnyPlan(tuple(self._plan(part, place) for part in parts))
            case Not(drop, keep):
                kept = None if keep is None else self._plan(keep, place)
                there = place._replace(is_dropped=not place.is_dropped)
                return NotPlan(self._plan(drop, there), kept)
            case Near(left, right, within):
                return NearPlan(self._plan(left, place), self._plan(right, place), within)
            case Except():
                return self._except(node, place)
            case Scope(fields, inner):
                return self._plan(inner, place._replace(scope=fields, is_phrase=False))
            case Fact():
                return FactPlan(node, place.is_dropped)
            case RuleRef(name):
                return self._reference(name, place)

    def _term(self, term: Term, place: _Place) -> Plan:
        sequences = term_sequences(term, place.language)
        if not sequences:
            return NoWords()
        runs: tuple[Run, ...] = ()
        scope = place.scope
        if scope is None or scope != ("link",):
            runs += tuple([self._run(sequence, self._lexicon) for sequence in sequences])
        if scope is not None and "link" in scope:
            self._link_terms += 1
            runs += tuple([self._run(sequence, self._links) for sequence in sequences])
        plan = TermPlan(runs, scope, everywhere=place.is_phrase)
        self.needs_capitals |= plan.needs_capitals
        return plan

    def _run(self, sequence: Sequence, lexicon: Lexicon) -> Run:
        leaves: list[int] = []
        is_cased = False
        for unit in sequence:
            leaves.append(lexicon.take(unit))
            self._taken.append((lexicon, unit))
            is_cased |= unit.needs_capitals
        return Run(tuple(leaves), is_cased and lexicon is self._lexicon)

    def _regex(self, regex: Regex, place: _Place) -> Plan:
        compiled(regex)
        self._link_terms += place.scope is not None and "link" in place.scope
        if place.is_phrase:
            return RegexPlan(regex, EVERYWHERE)
        return RegexPlan(regex, place.scope or SHOWN)

    def _except(self, node: Except, place: _Place) -> Plan:
        before = self._link_terms
        term = self._plan(node.term, place)
        has_link = self._link_terms != before
        beside = place._replace(scope=EVERYWHERE, is_phrase=True)
        phrases = tuple(
            self._plan(phrase, beside if has_link or _is_joint(phrase) else _off_links(beside))
            for phrase in node.phrases
        )
        if not self._has_not(node.term, place.path):
            return ExceptPlan(term, phrases, only_takes_away=True)
        return ExceptPlan(term, phrases, only_takes_away=False, needs=self._needs(term))

    def _needs(self, plan: Plan) -> frozenset[int] | None:
        """Return leaves one of which is there wherever `plan` holds, None if it needs no words.

        Without them a rule with a fact beside it, which is asked of every article, would look for
        80 phrases in each: half the time of the shipped rules.
        """
        found = clauses(plan)
        if found is None:
            return None
        return frozenset(min(leaves, key=self._commonness) for leaves, _ in found)

    def _commonness(self, leaf: int) -> tuple[int, int]:
        return (self._links if leaf & 1 else self._lexicon).commonness(leaf)

    def _has_not(self, node: Node, path: tuple[str, ...]) -> bool:
        for inner in walk(node):
            if isinstance(inner, Not):
                return True
            if isinstance(inner, RuleRef):
                rule = referred(inner.name, self._rules, path)
                if self._has_not(rule.tree, (*path, inner.name)):
                    return True
        return False

    def _reference(self, name: str, place: _Place) -> Plan:
        rule = referred(name, self._rules, place.path)
        self.refers_to += (name,)
        there = place._replace(language=language_of(rule), path=(*place.path, name))
        return self._plan(rule.tree, there)


def _is_joint(phrase: Node) -> bool:
    """Whether what a phrase finds in one field depends on what it finds in another."""
    return any(isinstance(node, And | Not | RuleRef) for node in walk(phrase))


def _off_links(place: _Place) -> _Place:
    """Leave links out: a phrase matters only where its term looks, and links seldom are there."""
    return place._replace(scope=_NO_LINK)
