"""Why a rule holds for an article or does not: its tree, with verdict and words at each node.

Judged by `naive`, which is what the matcher is tested against. What does not hold says what was
nearly there: the word in small letters, in another field, too far away, inside an excepted phrase.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from alerts.model import Article, Rule, Span
from alerts.rules import naive
from alerts.rules.fields import EVERYWHERE, language_of, passes
from alerts.rules.naive import Occurrence, Place, View
from alerts.tree import (
    TEXT_FIELDS,
    And,
    Except,
    Fact,
    FactField,
    Near,
    Node,
    Not,
    Or,
    Regex,
    RuleRef,
    Scope,
    Term,
    TextField,
    Word,
)

#: What a node is to the one above it: one of its parts, what NOT drops, what EXCEPT takes away.
Role = Literal["part", "drops", "excepts"]

#: Why words that stand in the article do not make the node hold.
#: small    only in other letters: ice for ICE      scope     only in a field it does not look in
#: excepted only inside an excepted phrase          capitals  only in a field that is all capitals
#: apart    both are there, too far from each other
Obstacle = Literal["", "small", "scope", "excepted", "capitals", "apart"]


@dataclass(frozen=True, slots=True)
class Clause:
    """One node's verdict. `spans`: the words that made it so, or that were nearly it."""

    node: Node
    holds: bool
    spans: tuple[Span, ...] = ()
    parts: tuple[Clause, ...] = ()
    role: Role = "part"
    obstacle: Obstacle = ""
    distance: int | None = None  # of words that are `apart`; None: they share no paragraph


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule and one article. `outside`: the rule does not look where the article came from."""

    rule: Rule
    holds: bool
    clause: Clause
    spans: tuple[Span, ...] = ()
    caps_only: bool = False
    is_capitals: bool = False  # only an all-capitals text says so, and that is not enough
    outside: tuple[FactField, ...] = ()
    shouting: tuple[TextField, ...] = ()  # all-caps fields that count only because of `evidence`
    evidence: tuple[Span, ...] = ()


def verdict(rule: Rule, article: Article, rules: Iterable[Rule]) -> Verdict:
    """Return what `rule` says about `article`, clause by clause; `rules` may be referred to."""
    known = {other.name: other for other in rules}
    view = View(article)
    match = naive.judge(rule, article, known.values())
    place = Place(language_of(rule), path=(rule.name,))
    evidence = naive.evidence(view, rule.tree, place, known.get)
    counts = bool(evidence) or (match is not None and match.caps_only)
    judge = _Judge(view, known.get)
    clause = judge.clause(rule.tree, replace(place, doubtful_counts=counts))
    if match is not None:
        made = Verdict(rule, True, clause, match.spans, match.caps_only)
        sure = naive.evaluate(view, rule.tree, replace(place, doubtful_counts=False), known.get)
        if sure is not None or match.caps_only:
            return made
        fields = {span.field for span in match.spans}
        shouting = tuple(field for field in TEXT_FIELDS if field in fields and view.is_caps(field))
        return replace(made, shouting=shouting, evidence=view.spans(evidence))
    outside = () if passes(rule, article) else _outside(rule, article)
    is_capitals = not outside and not clause.holds and not evidence
    if is_capitals:
        is_capitals = naive.evaluate(view, rule.tree, place, known.get) is not None
    return Verdict(rule, False, clause, is_capitals=is_capitals, outside=outside)


def _outside(rule: Rule, article: Article) -> tuple[FactField, ...]:
    limits: dict[FactField, Rule] = {
        "feed": replace(rule, places=(), langs=()),
        "place": replace(rule, feeds=(), langs=()),
        "lang": replace(rule, feeds=(), places=()),
    }
    return tuple(fact for fact, alone in limits.items() if not passes(alone, article))


class _Judge:
    """Judges the nodes of one tree against one article."""

    def __init__(self, view: View, rules: naive.Rules) -> None:
        self._view = view
        self._rules = rules

    def clause(self, node: Node, place: Place, role: Role = "part") -> Clause:
        """Return the verdict of a node and of all below it."""
        found = naive.evaluate(self._view, node, place, self._rules)
        made = Clause(
            node,
            found is not None,
            self._view.spans(found or ()),
            self._parts(node, place),
            role,
        )
        if found is not None:
            return made
        match node:
            case Term() | Regex():
                return self._missed(made, node, place)
            case Near():
                return self._apart(made, node, place)
        return made

    def _parts(self, node: Node, place: Place) -> tuple[Clause, ...]:
        match node:
            case And(parts) | Or(parts):
                return tuple(self.clause(part, place) for part in parts)
            case Near(left, right):
                return tuple(self.clause(side, place) for side in (left, right))
            case Not(drop, keep):
                there = replace(place, doubtful_counts=True, is_dropped=not place.is_dropped)
                dropped = self.clause(drop, there, "drops")
                return (dropped,) if keep is None else (self.clause(keep, place), dropped)
            case Except(term, phrases):
                within = naive.excepting(self._view, phrases, place, self._rules)
                aside = place.inside_phrases()
                return (
                    self.clause(term, within),
                    *(self.clause(phrase, aside, "excepts") for phrase in phrases),
                )
            case Scope(fields, inner):
                return (self.clause(inner, replace(place, scope=fields)),)
            case RuleRef(name):
                rule, there = naive.reference(name, place, self._rules)
                return (self.clause(rule.tree, there),)
            case Term() | Regex() | Fact():
                return ()

    # --- what was nearly there ---------------------------------------------------------------

    def _missed(self, made: Clause, node: Term | Regex, place: Place) -> Clause:
        for obstacle, nearly, there in self._nearly(node, place):
            found = naive.occurrences(self._view, nearly, there)
            if found:
                return replace(made, obstacle=obstacle, spans=self._view.spans(found))
        return made

    def _nearly(
        self, node: Term | Regex, place: Place
    ) -> Iterable[tuple[Obstacle, Term | Regex, Place]]:
        """Yield what to look for in turn, nearest first."""
        if place.phrases:
            yield "excepted", node, replace(place, phrases=())
        if not place.doubtful_counts:
            yield "capitals", node, replace(place, doubtful_counts=True)
        if place.scope is not None and place.scope is not EVERYWHERE:
            yield "scope", node, replace(place, scope=None)
        loose = _in_any_letters(node)
        if loose != node:
            yield "small", loose, replace(place, doubtful_counts=True)

    def _apart(self, made: Clause, node: Near, place: Place) -> Clause:
        sides = [naive.evaluate(self._view, s, place, self._rules) for s in (node.left, node.right)]
        if None in sides:
            return made
        left, right = (side or [] for side in sides)
        apart = [(d, a, b) for a in left for b in right if (d := _distance(a, b)) is not None]
        if not apart:
            return replace(made, obstacle="apart")
        distance, a, b = min(apart)
        return replace(made, obstacle="apart", distance=distance, spans=self._view.spans((a, b)))


def _in_any_letters(node: Term | Regex) -> Term | Regex:
    """Return a term whose capitals, accents and endings need not be as written."""
    if isinstance(node, Regex):
        return replace(node, match_case=False)
    loose = (Word(w.text.lower()) if w.kind in ("acronym", "exact") else w for w in node.words)
    return replace(node, words=tuple(loose))


def _distance(a: Occurrence, b: Occurrence) -> int | None:
    """Return how many words lie between, and one more; None in different paragraphs."""
    if (a.field, a.block) != (b.field, b.block):
        return None
    return max(b.first - a.last, a.first - b.last)


def deciding(clause: Clause) -> Sequence[Clause]:
    """Return the clauses that decided a verdict, the smallest that say it by themselves.

    For one that holds: the terms that are there. For one that does not: of AND the parts that are
    missing, of OR what is nearly there (else the whole), of NOT what was dropped.
    """
    if clause.holds:
        return [leaf for leaf in _leaves(clause) if leaf.holds and leaf.role == "part"]
    match clause.node:
        case And():
            missing = [part for part in clause.parts if not part.holds]
            return [found for part in missing for found in deciding(part)]
        case Or():
            near = [found for part in clause.parts for found in deciding(part) if found.obstacle]
            return near or [clause]
        case Not():
            drops = [part for part in clause.parts if part.role == "drops" and part.holds]
            kept = [part for part in clause.parts if part.role == "part" and not part.holds]
            return [*drops, *(found for part in kept for found in deciding(part))]
        case Except() | Scope() | RuleRef():
            return deciding(clause.parts[0])
        case Near() if not clause.obstacle:
            missing = [part for part in clause.parts if not part.holds]
            return [found for part in missing for found in deciding(part)]
    return [clause]


def _leaves(clause: Clause) -> Iterable[Clause]:
    if not clause.parts:
        return [clause]
    if isinstance(clause.node, Not):
        return [leaf for part in clause.parts if part.role == "part" for leaf in _leaves(part)]
    mine = [part for part in clause.parts if part.role != "excepts"]
    return [leaf for part in mine for leaf in _leaves(part)]
