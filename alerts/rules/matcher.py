"""All rules at once against one article: the article is the query, the rules are what is searched.

What a rule means, and which spans it has, is written down in `naive`; this gives the same answers
at a cost of about the article's words and the matches. It knows no subscribers and no urgency.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence

from alerts.errors import GrammarError
from alerts.model import Article, Match, Rule
from alerts.rules.clauses import Clause
from alerts.rules.compile import Compilation
from alerts.rules.fields import apart, passes
from alerts.rules.lexicon import Lexicon
from alerts.rules.pause import collector_paused
from alerts.rules.plans import CERTAIN, EVERY_ONE
from alerts.rules.scene import Occurrence, Scene

_SEEN = 10_000  # more than any guess
_LEARN_EVERY = 16  # articles: counting words is cheap, but not free

#: A clause, found by its rarest leaf: what else must be there, and whether it is sure.
_Anchored = tuple[Compilation, tuple[int, ...], bool]


class Matcher:
    """The rules in force. `match` and `spans` may be called by many threads at once."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = threading.RLock()
        self._commonness: dict[int, int] = {}  # of leaves: guessed first, then learned
        self._lexicon = Lexicon(commonness=self._commonness)
        self._links = Lexicon(is_link=True, commonness=self._commonness)
        self._rules: dict[str, Rule] = {rule.name: rule for rule in rules}
        self._compiled: dict[str, Compilation] = {}
        self._users: dict[str, set[str]] = {}  # rule -> rules that refer to it, however far away
        self._anchored: dict[int, list[_Anchored]] = {}
        self._wordless: dict[str, Compilation] = {}  # no word tells when these may hold
        self._version = self._order = self._articles = 0
        with collector_paused():
            for rule in self._rules.values():
                self._put(rule, self._next_order())

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rules in force, in their order."""
        return tuple(c.rule.name for c in sorted(self._compiled.values(), key=lambda c: c.order))

    def match(self, article: Article) -> tuple[str, ...]:
        """Return the names of the rules that hold, in the order the rules were given."""
        return tuple(compiled.rule.name for compiled in self._matched(article))

    def spans(self, article: Article, names: Collection[str] | None = None) -> tuple[Match, ...]:
        """Return the rules that hold (of `names`, if given) with where they say so.

        Spans are [start, end) in the original characters of each field ("tag": of the tags joined
        by ", "), sorted, none over another. See `naive` for which words they are.
        """
        wanted = [c for c in self._matched(article) if names is None or c.rule.name in names]
        if not wanted:
            return ()
        scene = self._scene(article, with_characters=True)
        judged = [(compiled, _judge(compiled, scene)) for compiled in wanted]
        return tuple(
            Match(compiled.rule.name, apart(scene.spans(verdict[0])), verdict[1])
            for compiled, verdict in judged
            if verdict is not None
        )

    def add(self, rule: Rule) -> None:
        """Take a rule into force for the next article; one of the same name gives way to it.

        GrammarError if it refers to a rule that is not there, or back to itself.
        """
        with self._lock:
            old = self._compiled.get(rule.name)
            self._put(rule, old.order if old else self._next_order())
            self._rules[rule.name] = rule
            if users := self._users.get(rule.name):
                for user in sorted(users):
                    self._put(self._rules[user], self._compiled[user].order)

    def remove(self, name: str) -> None:
        """Take a rule out of force; GrammarError if there is none or another one refers to it."""
        with self._lock:
            if name not in self._compiled:
                raise GrammarError(f"There is no rule {name}.")
            if users := self._users.get(name):
                raise GrammarError(
                    f"Rule {name} is used by {', '.join(sorted(users))}.",
                    hint="Remove what refers to it first.",
                )
            self._drop(name)
            del self._rules[name]

    # --- the rules in force ------------------------------------------------------------------

    def _next_order(self) -> int:
        self._order += 1
        return self._order

    def _put(self, rule: Rule, order: int) -> None:
        compiled = Compilation(rule, order, self._lexicon, self._links)
        found = compiled.take(self._rules.get)
        if rule.name in self._compiled:
            self._drop(rule.name)
        compiled.since = self._version + 1
        self._anchor(compiled, found)
        self._compiled[rule.name] = compiled
        for name in compiled.refers_to:
            self._users.setdefault(name, set()).add(rule.name)
        self._version += 1

    def _anchor(self, compiled: Compilation, found: Sequence[Clause] | None) -> None:
        if found is None:
            self._wordless[compiled.rule.name] = compiled
            return
        anchors: list[int] = []
        for leaves, is_sure in found:
            rarest, others = leaves[0], leaves[1:]
            if others:
                rarest = min(leaves, key=self._commonness.__getitem__)
                others = tuple([leaf for leaf in leaves if leaf != rarest])
            anchored = (compiled, others, is_sure and not compiled.is_filtered)
            self._anchored.setdefault(rarest, []).append(anchored)
            anchors.append(rarest)
        compiled.anchors = tuple(anchors)

    def _drop(self, name: str) -> None:
        compiled = self._compiled.pop(name)
        compiled.is_alive = False
        self._wordless.pop(name, None)
        for leaf in compiled.anchors:
            # A new list: another thread may be reading the old one.
            kept = [a for a in self._anchored.get(leaf, ()) if a[0] is not compiled]
            if kept:
                self._anchored[leaf] = kept
            else:
                self._anchored.pop(leaf, None)
        for other in compiled.refers_to:
            self._users[other].discard(name)
        compiled.release()

    # --- one article -------------------------------------------------------------------------

    def _scene(self, article: Article, *, with_characters: bool = False) -> Scene:
        return Scene(article, self._lexicon, self._links, with_characters=with_characters)

    def _matched(self, article: Article) -> Sequence[Compilation]:
        version = self._version  # a rule that comes while this article is read waits for the next
        scene = self._scene(article)
        self._learn(scene)
        matched = self._by_words(scene, version)
        for compiled in list(self._wordless.values()):
            if compiled.since <= version and _judge(compiled, scene) is not None:
                matched.add(compiled)
        return sorted(matched, key=lambda compiled: compiled.order)

    def _by_words(self, scene: Scene, version: int) -> set[Compilation]:
        present = set(scene.words)  # a repeated text has no word that the other has not
        asked: set[Compilation] = set()
        matched: set[Compilation] = set()
        anchored = self._anchored
        for leaf in present:
            for compiled, others, is_sure in anchored.get(leaf, ()):
                if (others and not present.issuperset(others)) or compiled in asked:
                    continue
                asked.add(compiled)
                is_true = is_sure or _judge(compiled, scene) is not None
                if is_true and compiled.is_alive and compiled.since <= version:
                    matched.add(compiled)
        return matched

    def _learn(self, scene: Scene) -> None:
        """Count the words of some articles: rules that come later are anchored on rare ones."""
        self._articles += 1
        if self._articles % _LEARN_EVERY == 0:
            for leaf in scene.words:
                guessed = self._commonness.get(leaf)
                if guessed is not None:  # its rule may have gone meanwhile
                    self._commonness[leaf] = guessed + _SEEN


def _judge(compiled: Compilation, scene: Scene) -> tuple[Sequence[Occurrence], bool] | None:
    """Return what makes the rule hold and whether only an all-caps title says so, or None."""
    if compiled.is_filtered and not passes(compiled.rule, scene.article):
        return None
    plan = compiled.plan()
    every_one = plan.found(scene, EVERY_ONE)
    if every_one is None:  # fewer words that count make no more rules hold: a NOT counts them all
        return None
    if not compiled.needs_capitals or not scene.has_caps:
        return every_one, False
    if plan.is_supported(scene, EVERY_ONE):
        return every_one, False
    certain = plan.found(scene, CERTAIN)
    if certain is not None:
        return certain, False
    is_refused = compiled.rule.caps == "reject" or not scene.is_nothing_but_capitals
    return None if is_refused else (every_one, True)
