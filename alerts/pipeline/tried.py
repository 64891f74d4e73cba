"""What rules would have found among stored or given articles, and what an edit would change.

Counts only: nothing is written. Old stories (there before a feed's first poll) are found too, but
are no alerts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from alerts.model import Article, Config, Feed, Match, Rule
from alerts.pipeline.history import Kept
from alerts.pipeline.parts import InForce
from alerts.tree import And, Except, Near, Node, Not, Or, Scope

_DAY_S = 86_400.0

#: An article with its number, once for each feed that carries it.
Tried = tuple[int, tuple[Article, ...]]


@dataclass(frozen=True, slots=True)
class Hit:
    """An article that rules hold for; `matches` mark `article`, the first that they hold for."""

    number: int
    article: Article
    matches: tuple[Match, ...]


@dataclass
class Found:
    """What one configuration finds: numbers of articles by rule and by subscriber."""

    by_rule: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_person: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


class Trial:
    """A configuration that articles are put to, one after the other."""

    def __init__(self, config: Config, names: Iterable[str] | None = None) -> None:
        """Look for the rules of these names; None: for all."""
        self.in_force = InForce.of(config, {})
        self.found = Found()
        self._names = None if names is None else frozenset(names)

    @property
    def feeds(self) -> Mapping[str, Feed]:
        """The configured feeds by URL."""
        return self.in_force.feeds

    def put(self, tried: Tried) -> tuple[str, ...]:
        """Return the rules that hold for an article, and count it for them and who follows them."""
        number, articles = tried
        held = {name for article in articles for name in self.in_force.matcher.match(article)}
        names = held if self._names is None else held & self._names
        for name in names:
            self.found.by_rule[name].add(number)
            for person in self.in_force.followers.get(name, ()):
                self.found.by_person[person].add(number)
        return tuple(sorted(names))

    def hit(self, tried: Tried, names: Sequence[str]) -> Hit:
        """Return where the rules of these names say so."""
        number, articles = tried
        marked: dict[str, tuple[Article, Match]] = {}
        for article in articles:
            for match in self.in_force.matcher.spans(article, names):
                marked.setdefault(match.rule, (article, match))
        first = articles[0] if articles else Article()
        shown = next((article for article, _ in marked.values()), first)
        matches = (
            match if article is shown else Match(match.rule) for article, match in marked.values()
        )
        return Hit(number, shown, tuple(matches))


def as_tried(kept: Kept, feeds: Mapping[str, Feed]) -> Tried:
    """Return a stored article as a configuration's feeds carry it."""
    return kept.entry_id, kept.articles(feeds)


def a_week(count: int, days: float) -> float:
    """Return how many a week that is, with one decimal."""
    return round(count * 7 / max(days, 1.0), 1)


def days_watched(now: float, since: float, first_seen_at: float | None) -> float:
    """Return how many days of news the stored articles since then stand for.

    A feed's first poll offers a day of the past (look_back).
    """
    begun = now if first_seen_at is None else first_seen_at - _DAY_S
    return max(1.0, (now - max(since, begun)) / _DAY_S)


# --- what an edit changes ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """What one rule or subscriber gains and loses."""

    key: str
    before: int
    after: int
    gained: tuple[int, ...]
    lost: tuple[int, ...]


def changes(
    old: Mapping[str, set[int]], new: Mapping[str, set[int]], is_alert: Callable[[int], bool]
) -> list[Change]:
    """Return the changes of each key that has any; what is no alert is left out."""
    found = []
    for key in sorted(old.keys() | new.keys()):
        was = {number for number in old.get(key, ()) if is_alert(number)}
        now = {number for number in new.get(key, ()) if is_alert(number)}
        if was != now:
            gained, lost = tuple(sorted(now - was)), tuple(sorted(was - now))
            found.append(Change(key, len(was), len(now), gained, lost))
    return found


# --- what NOT and EXCEPT take away -------------------------------------------------------------


def without_vetoes(rule: Rule) -> Rule:
    """Return the rule as if it had no NOT (`none`) and no EXCEPT."""
    return replace(rule, tree=_kept(rule.tree) or rule.tree)


def _kept(node: Node) -> Node | None:
    """Return a node without what drops or excepts; None if nothing is left."""
    match node:
        case Not(keep=keep):
            return None if keep is None else _kept(keep)
        case Except(term=term):
            return _kept(term)
        case And(parts):
            left = tuple(found for part in parts if (found := _kept(part)) is not None)
            return None if not left else left[0] if len(left) == 1 else And(left)
        case Or(parts):
            return Or(tuple(_kept(part) or part for part in parts))
        case Near(left, right):
            return replace(node, left=_kept(left) or left, right=_kept(right) or right)
        case Scope(fields, inner):
            kept = _kept(inner)
            return None if kept is None else Scope(fields, kept)
        case _:
            return node
