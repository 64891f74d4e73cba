"""Compiled nodes: what each finds in a scene, by positions alone.

The meaning is written down in `naive`; here it is made fast. `found` returns the occurrences that
make a plan hold (maybe none), or None if it does not hold.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, Protocol

from alerts.rules.fields import fact_holds, looked_in
from alerts.rules.scene import FIELD_BITS, FURTHEST, Occurrence, Occurrences, Scene
from alerts.tree import TEXT_FIELDS, Fact, Regex, TextField

_LINK = TEXT_FIELDS.index("link")


class Excepted:
    """The occurrences of excepted phrases: what lies inside one of them?"""

    def __init__(self, phrases: Iterable[Occurrence]) -> None:
        self.phrases = sorted(phrases)
        self._firsts = [phrase[0] for phrase in self.phrases]
        self._lasts = list(accumulate((phrase[1] for phrase in self.phrases), max))

    def holds(self, found: Occurrence) -> bool:
        """Whether `found` lies inside a phrase."""
        before = bisect_right(self._firsts, found[0])
        return before > 0 and self._lasts[before - 1] >= found[1]


@dataclass(frozen=True, slots=True)
class Terms:
    """How occurrences are counted: without excepted ones, with or without doubtful ones."""

    doubtful_counts: bool = True
    excepted: Excepted | None = None


EVERY_ONE = Terms()
CERTAIN = Terms(doubtful_counts=False)


class Plan(Protocol):
    """A compiled node."""

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """Return the occurrences that make it hold, None if it does not."""
        ...

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """Whether a term or a NEAR that can make it hold stands in a normally cased field."""
        ...


class Run(NamedTuple):
    """Leaves that must stand next to each other."""

    leaves: tuple[int, ...]
    needs_capitals: bool = False


class TermPlan:
    """A term: where any of its runs stands. `scope` None: everywhere but in links."""

    __slots__ = ("_aside", "_is_plain", "fields", "is_sure", "leaf", "needs_capitals", "runs")

    def __init__(
        self, runs: tuple[Run, ...], scope: tuple[TextField, ...] | None, *, everywhere: bool
    ) -> None:
        self.runs = runs
        self.fields = None if scope is None or everywhere else _numbers(scope)
        self.needs_capitals = True in [run.needs_capitals for run in runs]
        self.leaf = runs[0].leaves[0] if len(runs) == len(runs[0].leaves) == 1 else None
        self._is_plain = self.fields is None and not everywhere and self.leaf is not None
        self.is_sure = self._is_plain and not self.needs_capitals
        self._aside = _aside(scope, everywhere=everywhere)

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """See `Plan`."""
        if self._is_plain and terms is EVERY_ONE and self.leaf is not None:
            return scene.words.get(self.leaf) if self.leaf in scene.present else None
        found: list[Occurrence] = []
        for run in self.runs:
            if scene.present.issuperset(run.leaves):
                found += self._standing(scene, run, terms)
        if terms.excepted:
            found = [o for o in found if not terms.excepted.holds(o)]
        return found or None

    def _standing(self, scene: Scene, run: Run, terms: Terms) -> list[Occurrence]:
        found = standing(scene.words, run.leaves)
        if scene.twice in self._aside:
            found = [*found, *standing(scene.aside, run.leaves)]
        if self.fields is not None:
            found = [o for o in found if o[0] >> FIELD_BITS in self.fields]
        if run.needs_capitals and not terms.doubtful_counts:
            found = [o for o in found if not scene.is_caps(o[0] >> FIELD_BITS)]
        return found

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return _is_cased(scene, self.found(scene, terms))


def _is_cased(scene: Scene, found: Iterable[Occurrence] | None) -> bool:
    """Whether one of the occurrences stands in a normally cased field."""
    fields = {o[0] >> FIELD_BITS for o in found or ()} - {_LINK}
    return any(not scene.is_caps(number) for number in fields)


def standing(words: Occurrences, leaves: Sequence[int]) -> list[Occurrence]:
    """Return where `leaves` stand next to each other."""
    runs = words.get(leaves[0])
    for leaf in leaves[1:]:
        following = words.get(leaf) if runs else None
        if not runs or not following:
            return []
        after: dict[int, list[Occurrence]] = {}
        for word in following:
            after.setdefault(word[0], []).append(word)
        runs = [
            (run[0], word[1], run[2], word[3]) for run in runs for word in after.get(run[1] + 1, ())
        ]
    return runs or []


def _numbers(fields: Iterable[TextField]) -> frozenset[int]:
    return frozenset(map(TEXT_FIELDS.index, fields))


_TWICE: frozenset[TextField] = frozenset({"summary", "content"})
_NONE: frozenset[TextField] = frozenset()


def _aside(scope: tuple[TextField, ...] | None, *, everywhere: bool) -> frozenset[TextField]:
    """Return of summary and content what is looked in even if it repeats the other."""
    if everywhere:
        return _TWICE
    return _NONE if scope is None or set(scope) >= _TWICE else _TWICE & set(scope)


@dataclass(frozen=True, slots=True)
class NoWords:
    """A term without a word: it stands nowhere."""

    def found(self, scene: Scene, terms: Terms) -> None:
        """See `Plan`."""
        return

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return False


@dataclass(frozen=True, slots=True)
class RegexPlan:
    """A regular expression in the fields it looks in."""

    regex: Regex
    scope: tuple[TextField, ...]

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """See `Plan`."""
        is_found, found = scene.pattern(self.regex, looked_in(self.scope, scene.twice))
        if not is_found:
            return None
        if not terms.excepted:
            return found
        counted = [o for o in found if not terms.excepted.holds(o)]
        return counted if counted or not found else None

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return False


@dataclass(frozen=True, slots=True)
class AllPlan:
    """AND."""

    parts: tuple[Plan, ...]

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """See `Plan`."""
        together: list[Occurrence] = []
        for part in self.parts:
            found = part.found(scene, terms)
            if found is None:
                return None
            together += found
        return together

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return any(part.is_supported(scene, terms) for part in self.parts)


class Alternatives:
    """Plans of which few can find something in one article: which of them are to be asked?

    `commonness` of leaves says which word of a phrase to look at first.
    """

    __slots__ = ("_always", "_by_leaf")

    def __init__(self, plans: Iterable[Plan], commonness: Mapping[int, int]) -> None:
        self._always: list[Plan] = []
        self._by_leaf: dict[int, list[Plan]] = {}
        for plan in plans:
            if not isinstance(plan, TermPlan):
                self._always.append(plan)
                continue
            for leaf in {min(r.leaves, key=lambda one: commonness.get(one, 0)) for r in plan.runs}:
                self._by_leaf.setdefault(leaf, []).append(plan)

    def asked(self, leaves: Set[int]) -> Sequence[Plan]:
        """Return the plans that may find something where these leaves are."""
        present = self._by_leaf.keys() & leaves
        if not present:
            return self._always
        found = [plan for leaf in present for plan in self._by_leaf[leaf]]
        return [*dict.fromkeys(found), *self._always]


@dataclass(frozen=True, slots=True)
class AnyPlan:
    """OR."""

    parts: Alternatives

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """See `Plan`."""
        asked = self.parts.asked(scene.present)
        held = [f for part in asked if (f := part.found(scene, terms)) is not None]
        if len(held) < 2:
            return held[0] if held else None
        return [occurrence for found in held for occurrence in found]

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return any(part.is_supported(scene, terms) for part in self.parts.asked(scene.present))


@dataclass(frozen=True, slots=True)
class NotPlan:
    """NOT: `keep` (if any) holds and `drop` does not."""

    drop: Plan
    keep: Plan | None

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """See `Plan`."""
        kept = () if self.keep is None else self.keep.found(scene, terms)
        if kept is None:
            return None
        dropping = Terms(excepted=terms.excepted) if terms.excepted else EVERY_ONE
        return kept if self.drop.found(scene, dropping) is None else None

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return self.keep is not None and self.keep.is_supported(scene, terms)


@dataclass(frozen=True, slots=True)
class NearPlan:
    """NEAR: occurrences of either side with one of the other in reach."""

    left: Plan
    right: Plan
    within: int

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """See `Plan`."""
        left = self.left.found(scene, terms)
        right = self.right.found(scene, terms) if left else None
        if not left or not right:
            return None
        reach = min(self.within, FURTHEST)
        part = _in_reach(left, right, reach)
        return [*part, *_in_reach(right, left, reach)] if part else None

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return _is_cased(scene, self.found(scene, terms))


def _in_reach(
    some: Sequence[Occurrence], others: Sequence[Occurrence], reach: int
) -> list[Occurrence]:
    """Return those of `some` that end or begin at most `reach` positions from one of `others`."""
    firsts, lasts = sorted(o[0] for o in others), sorted(o[1] for o in others)
    return [
        one
        for one in some
        if bisect_right(firsts, one[1] + reach) > bisect_right(firsts, one[1])
        or bisect_left(lasts, one[0]) > bisect_left(lasts, one[0] - reach)
    ]


@dataclass(frozen=True, slots=True)
class ExceptPlan:
    """EXCEPT: what `term` finds outside the phrases."""

    term: Plan
    phrases: Alternatives
    only_takes_away: bool  # without a NOT in `term`, which may be excepted as well
    needs: frozenset[int] | None = None  # leaves one of which is there wherever it holds

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """See `Plan`."""
        if self.needs is not None and scene.present.isdisjoint(self.needs):
            return None
        if self.only_takes_away and self.term.found(scene, terms) is None:
            return None
        return self.term.found(scene, self._excepting(scene, terms))

    def _excepting(self, scene: Scene, terms: Terms) -> Terms:
        asked = self.phrases.asked(scene.present)
        found = [o for phrase in asked for o in phrase.found(scene, EVERY_ONE) or ()]
        if not found:
            return terms
        outer = terms.excepted.phrases if terms.excepted else ()
        return Terms(terms.doubtful_counts, Excepted([*found, *outer]))

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return self.term.is_supported(scene, self._excepting(scene, terms))


@dataclass(frozen=True, slots=True)
class FactPlan:
    """Where the article comes from."""

    fact: Fact
    is_dropped: bool

    def found(self, scene: Scene, terms: Terms) -> Sequence[Occurrence] | None:
        """See `Plan`."""
        is_true = fact_holds(self.fact, scene.article, is_dropped=self.is_dropped)
        return () if is_true else None

    def is_supported(self, scene: Scene, terms: Terms) -> bool:
        """See `Plan`."""
        return False
