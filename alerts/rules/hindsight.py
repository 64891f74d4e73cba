"""Warnings about rules that only articles can give: floods, silence, what is dropped unawares.

The articles are those of the last days; where they come from is not known here. What is asked of
them are the rules and parts of rules, each a rule of its own, all judged in one go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from alerts.model import Article, Rule
from alerts.rules import lint, roles, shapes
from alerts.rules.matcher import Matcher
from alerts.rules.mistakes import LintWarning
from alerts.rules.write import query_text
from alerts.tree import And, Except, Node, Not, Term, Word

FLOOD_A_DAY = 50  # more than a person reads
FLOOD_SHARE = 0.2  # of all articles
FEW_ARTICLES = 100  # of fewer nothing is said
SILENT_DAYS = 14  # a rule for rare events may well be silent for a week
SILENT_ARTICLES = 500
MANY_DROPPED = 5
IDLE_AFTER = 20  # matches, before exceptions that took nothing away are told


@dataclass(frozen=True)
class _Part:
    """A part of a rule that is asked about as a rule of its own."""

    role: str  # keep drop except term alternative capitals
    node: Node


@dataclass
class _Asked:
    """A rule with its parts by the names under which they are asked."""

    rule: Rule
    parts: dict[str, _Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in _parts(self.rule.tree):
            self.parts[f"{self.rule.name}\0{len(self.parts)}"] = part

    def of(self, role: str) -> dict[str, Node]:
        """Return the nodes that have this role, by name."""
        return {name: part.node for name, part in self.parts.items() if part.role == role}

    def rules(self) -> Iterator[Rule]:
        """Yield the parts as rules: words everywhere, what holds where the whole looks."""
        everywhere = replace(self.rule, feeds=(), places=(), langs=())
        for name, part in self.parts.items():
            whole = everywhere if part.role == "term" else self.rule
            yield replace(whole, name=name, tree=part.node)


def _parts(tree: Node) -> Iterator[_Part]:
    keep = _kept(tree)
    if keep is not None:
        yield _Part("keep", keep)
        yield from (_Part("drop", node) for node in roles.dropped(tree))
    for node in shapes.walk(tree):
        if isinstance(node, Except):
            yield _Part("except", shapes.any_of(node.phrases))
    yield from (_Part("term", node) for _, node in roles.needed(tree) if isinstance(node, Term))
    alternatives = list(roles.alternatives(tree))
    yield from (_Part("alternative", node) for node in alternatives)
    if any(map(lint.is_frozen_water, alternatives)):
        yield _Part("capitals", Term((Word("ICE", "acronym"),)))


def _kept(tree: Node) -> Node | None:
    """Return what the rule would hold for if it dropped nothing; None if it drops nothing."""
    if isinstance(tree, Not):
        return tree.keep
    if not isinstance(tree, And):
        return None
    wanted = [part.keep if isinstance(part, Not) else part for part in tree.parts]
    kept = [part for part in wanted if part is not None]
    return shapes.all_of(kept) if kept and any(isinstance(p, Not) for p in tree.parts) else None


class Hindsight:
    """The rules, and what they would have found: give it the articles, then ask for warnings."""

    def __init__(self, rules: Sequence[Rule], days: float) -> None:
        self._asked = [_Asked(rule) for rule in rules]
        self._matcher = Matcher(rules)
        for asked in self._asked:
            for part in asked.rules():
                self._matcher.add(part)
        self._drops = {
            keep: (asked.rule.name, frozenset(asked.of("drop")))
            for asked in self._asked
            for keep in asked.of("keep")
        }
        self._found: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()  # by parts that drop what is otherwise wanted
        self._days = max(1.0, days)
        self.past = "the last day" if round(days) <= 1 else f"the last {round(days)} days"
        self.articles = 0

    def judge(self, forms: Iterable[Article]) -> None:
        """Take one article, in the forms in which its feeds carry it."""
        self.articles += 1
        names = {name for article in forms for name in self._matcher.match(article)}
        self._found.update(names)
        for keep in names & self._drops.keys():
            rule, drops = self._drops[keep]
            if rule not in names:
                self._dropped.update(names & drops)

    def warnings(self) -> list[LintWarning]:
        """Return what the articles show; nothing if there are too few of them."""
        if self.articles < FEW_ARTICLES:
            return []
        judged = (self._flood, self._silence, self._dropping, self._idle, self._frozen)
        return [warning for asked in self._asked for judge in judged for warning in judge(asked)]

    def _flood(self, asked: _Asked) -> Iterator[LintWarning]:
        found = self._found[asked.rule.name]
        a_day = found / self._days
        if a_day <= FLOOD_A_DAY and found <= FLOOD_SHARE * self.articles:
            return
        nodes = asked.of("alternative")
        widest = max(nodes, key=self._found.__getitem__)
        yield _warning(
            asked,
            nodes[widest],
            f"`{query_text(nodes[widest])}` makes this rule find {found:,} of the"
            f" {self.articles:,} articles of {self.past}, about {a_day:,.0f} a day.",
            "Say what else must stand there (AND, NEAR), or in which feeds (feeds:, place:).",
        )

    def _silence(self, asked: _Asked) -> Iterator[LintWarning]:
        is_long = self._days >= SILENT_DAYS and self.articles >= SILENT_ARTICLES
        if self._found[asked.rule.name] or not is_long:
            return
        unseen = [node for name, node in asked.of("term").items() if not self._found[name]]
        words = " and ".join(f"`{query_text(node)}`" for node in unseen[:3])
        cause = f": {words} stood in none of them" if unseen else ""
        yield _warning(
            asked,
            unseen[0] if unseen else None,
            f"This rule found nothing in the {self.articles:,} articles of {self.past}{cause}.",
            "Look for a misspelling, or try it: alerts match --query QUERY FILE",
        )

    def _dropping(self, asked: _Asked) -> Iterator[LintWarning]:
        wanted = sum(self._found[name] for name in asked.of("keep"))
        for name, node in asked.of("drop").items():
            dropped = self._dropped[name]
            if dropped < MANY_DROPPED or dropped * 2 < wanted:
                continue
            yield _warning(
                asked,
                node,
                f"`{query_text(node)}` drops the whole article: in {self.past} {dropped:,} of the"
                f" {wanted:,} stories that this rule would have found.",
                f"See them: alerts try --rule {asked.rule.name} --dropped. To ignore a phrase, not"
                " the article, write except: (EXCEPT in a query).",
            )

    def _idle(self, asked: _Asked) -> Iterator[LintWarning]:
        found = self._found[asked.rule.name]
        idle = asked.of("except")
        if found >= IDLE_AFTER and idle and not any(self._found[name] for name in idle):
            yield _warning(
                asked,
                next(node for phrases in idle.values() for node in roles.alternatives(phrases)),
                f"No exception of this rule stood in any of the {self.articles:,} articles of"
                f" {self.past}; it found {found:,}.",
                "Look for a misspelling, or take the exceptions away.",
            )

    def _frozen(self, asked: _Asked) -> Iterator[LintWarning]:
        capitals = sum(self._found[name] for name in asked.of("capitals"))
        for name, node in asked.of("alternative").items():
            found = self._found[name]
            if lint.is_frozen_water(node) and found > capitals:
                yield _warning(
                    asked,
                    node,
                    f"`{query_text(node)}` in small letters is also frozen water: {found:,} matches"
                    f" in {self.past} against {capitals:,} for ICE.",
                    "For the agency write ICE in capitals.",
                )


def _warning(asked: _Asked, node: Node | None, message: str, hint: str) -> LintWarning:
    start, end = getattr(node, "start", 0), max(1, getattr(node, "end", 1))
    return LintWarning(asked.rule.name, message, hint, start, end, node)
