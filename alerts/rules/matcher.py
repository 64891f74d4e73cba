"""All rules at once against one article: the article is the query, the rules are what is searched.

What a rule means, and which spans it has, is written down in `naive`; this gives the same answers
at a cost of about the article's words and the matches. It knows no subscribers and no urgency.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from alerts.errors import GrammarError
from alerts.model import Article, Match, Rule
from alerts.rules import packed
from alerts.rules.clauses import Clauses
from alerts.rules.compile import NOBODY, Compiled, compiled
from alerts.rules.fields import apart, passes
from alerts.rules.leaves import Leaves
from alerts.rules.packed import Packed
from alerts.rules.pause import collector_paused
from alerts.rules.plans import CERTAIN, EVERY_ONE
from alerts.rules.scene import Occurrence, Scene
from alerts.rules.table import Table

_SEEN = 10_000  # more than any guess
_LEARN_EVERY = 16  # articles: counting words is cheap, but not free
_MOST_PLANS = 50_000  # kept at a time, some 100 MB


class Matcher:
    """The rules in force. `match` and `spans` may be called by many threads at once.

    A rule has a slot, a number that no rule had before: one that comes while an article is read is
    told by it, and waits for the next article.
    """

    def __init__(self, rules: Iterable[Rule] = (), *, packed_from: int = packed.FROM) -> None:
        self._lock = threading.RLock()
        self._leaves = Leaves()
        given = {rule.name: rule for rule in rules}
        kind = Packed if len(given) >= packed_from and packed.is_possible() else Table
        self._table = kind(self._leaves.commonness)
        self._rules: list[Rule | None] = []  # by slot; None: gone
        self._names: list[str] = []  # by slot, for all that ever were: one look less than at a rule
        self._slots: dict[str, int] = {}
        self._places: dict[int, int] = {}  # slot -> the one whose place it took
        self._refers_to: dict[int, Mapping[str, Rule]] = {}
        self._users: dict[str, set[str]] = {}  # rule -> rules that refer to it, however far away
        self._plans: dict[int, Compiled] = {}
        self._articles = 0
        with collector_paused():
            for rule in given.values():
                self._put(rule, given.get)
            self._table.settle()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rules in force, in their order."""
        return self._named(sorted(self._slots.values()))

    def match(self, article: Article) -> tuple[str, ...]:
        """Return the names of the rules that hold, in the order the rules were given."""
        first_new = len(self._rules)
        scene = Scene(article, self._leaves)
        self._learn(scene)
        slots = self._table.holding(
            scene.present,
            lambda slot: slot < first_new and self._judge(slot, scene) is not None,
        )
        if len(self._rules) > first_new:
            slots = [slot for slot in slots if slot < first_new]
        return self._named(slots)

    def spans(self, article: Article, names: Collection[str] | None = None) -> tuple[Match, ...]:
        """Return the rules that hold (of `names`, if given) with where they say so.

        Spans are [start, end) in the original characters of each field ("tag": of the tags joined
        by ", "), sorted, none over another. See `naive` for which words they are.
        """
        first_new = len(self._rules)
        scene = Scene(article, self._leaves, with_characters=True)
        found: list[Match] = []
        for slot in self._in_order(self._table.holding(scene.present, lambda _: True)):
            rule = self._rules[slot]
            if rule is None or slot >= first_new or not (names is None or rule.name in names):
                continue
            if verdict := self._judge(slot, scene):
                found.append(Match(rule.name, apart(scene.spans(verdict[0])), verdict[1]))
        return tuple(found)

    def add(self, rule: Rule) -> None:
        """Take a rule into force for the next article; one of the same name gives way to it.

        GrammarError if it refers to a rule that is not there, or back to itself.
        """
        with self._lock:
            self._put(rule, self._rule)
            if users := self._users.get(rule.name):
                for user in sorted(users):
                    if (known := self._rule(user)) is not None:
                        self._put(known, self._rule)

    def remove(self, name: str) -> None:
        """Take a rule out of force; GrammarError if there is none or another one refers to it."""
        with self._lock:
            if name not in self._slots:
                raise GrammarError(f"There is no rule {name}.")
            if users := self._users.get(name):
                raise GrammarError(
                    f"Rule {name} is used by {', '.join(sorted(users))}.",
                    hint="Remove what refers to it first.",
                )
            self._drop(name)

    def settle(self) -> None:
        """Wait until all rules that came and went since are found as fast as the others."""
        self._table.settle()

    # --- the rules in force ------------------------------------------------------------------

    def _rule(self, name: str) -> Rule | None:
        slot = self._slots.get(name)
        return None if slot is None else self._rules[slot]

    def _put(self, rule: Rule, known: Callable[[str], Rule | None]) -> None:
        reading = Clauses(self._leaves, known)
        try:
            clauses = reading.of_rule(rule)
        except BaseException:
            self._leaves.drop_all(reading.taken)
            raise
        slot = len(self._rules)
        old = self._slots.get(rule.name)
        if old is not None:
            self._places[slot] = self._places.pop(old, old)
            self._drop(rule.name)
        self._table.add(slot, clauses)
        self._slots[rule.name] = slot
        if reading.refers_to:
            self._refers_to[slot] = reading.refers_to
            for name in reading.refers_to:
                self._users.setdefault(name, set()).add(rule.name)
        self._names.append(rule.name)
        self._rules.append(rule)

    def _drop(self, name: str) -> None:
        slot = self._slots.pop(name)
        rule = self._rules[slot]
        self._rules[slot] = None
        self._places.pop(slot, None)
        self._plans.pop(slot, None)
        self._table.remove(slot)
        referred = self._refers_to.pop(slot, NOBODY)
        for other in referred:
            self._users[other].discard(name)
        if rule is not None:
            reading = Clauses(self._leaves, referred.get, take=False)
            reading.of_rule(rule)
            self._leaves.drop_all(reading.taken)

    # --- one article -------------------------------------------------------------------------

    def _in_order(self, slots: list[int]) -> list[int]:
        """Return slots, sorted, in the order the rules were given."""
        places = self._places
        return sorted(slots, key=lambda slot: places.get(slot, slot)) if places else slots

    def _named(self, slots: list[int]) -> tuple[str, ...]:
        return tuple(map(self._names.__getitem__, self._in_order(slots)))

    def _learn(self, scene: Scene) -> None:
        """Count the leaves of some articles: rules that come later are anchored on rare ones."""
        self._articles += 1
        if self._articles % _LEARN_EVERY == 0:
            commonness = self._leaves.commonness
            for leaf in scene.present:
                known = commonness.get(leaf)
                if known is not None:  # its rule may have gone meanwhile
                    commonness[leaf] = known + _SEEN

    def _judge(self, slot: int, scene: Scene) -> tuple[Sequence[Occurrence], bool] | None:
        """Return what makes the rule hold and whether only an all-caps title says so, or None."""
        rule = self._rules[slot]
        if rule is None or not passes(rule, scene.article):
            return None
        made = self._plans.get(slot)
        if made is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            made = compiled(rule, self._leaves, self._refers_to.get(slot, NOBODY))
            self._plans[slot] = made
        return _verdict(made, scene)


def _verdict(asked: Compiled, scene: Scene) -> tuple[Sequence[Occurrence], bool] | None:
    rule, plan, needs_capitals = asked
    every_one = plan.found(scene, EVERY_ONE)
    if every_one is None:  # fewer words that count make no more rules hold: a NOT counts them all
        return None
    if not needs_capitals or not scene.has_caps:
        return every_one, False
    if plan.is_supported(scene, EVERY_ONE):
        return every_one, False
    certain = plan.found(scene, CERTAIN)
    if certain is not None:
        return certain, False
    is_refused = rule.caps == "reject" or not scene.is_nothing_but_capitals
    return None if is_refused else (every_one, True)
