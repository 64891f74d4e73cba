"""The clauses of all rules, each found by its rarest leaf. A rule is a number here, its slot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from alerts.rules.clauses import Clause

#: Asks the rule of a slot itself whether it holds for the article.
Ask = Callable[[int], bool]

#: A clause without its rarest leaf.
_Row = tuple[int, tuple[int, ...], tuple[int, ...], bool]


def anchored(
    clause: Clause, commonness: Mapping[int, int]
) -> tuple[int, tuple[int, ...], tuple[int, ...], bool]:
    """Return a clause's rarest leaf, its other leaves, its doubts and whether it is sure."""
    leaves, doubts, is_sure = clause
    if len(leaves) == 1:
        return leaves[0], (), doubts, is_sure
    rarest = min(leaves, key=commonness.__getitem__)
    return rarest, tuple([leaf for leaf in leaves if leaf != rarest]), doubts, is_sure


class Table:
    """May be read by many threads while one adds and removes."""

    def __init__(self, commonness: Mapping[int, int]) -> None:
        self._commonness = commonness
        self._alone: dict[int, list[int]] = {}  # a leaf that is enough -> slots
        self._rows: dict[int, list[_Row]] = {}
        self._anchors: dict[int, tuple[int, ...]] = {}
        self._wordless: dict[int, None] = {}  # no word tells when these may hold

    def __contains__(self, slot: object) -> bool:
        """Whether the rule `slot` stands in it."""
        return slot in self._anchors or slot in self._wordless

    def add(self, slot: int, clauses: Sequence[Clause] | None) -> None:
        """Find the rule `slot` by its clauses from now on; None: ask it every time."""
        if clauses is None:
            self._wordless[slot] = None
            return
        anchors: list[int] = []
        for clause in clauses:
            leaves, doubts, is_sure = clause
            if is_sure and not doubts and len(leaves) == 1:
                rarest = leaves[0]
                anchors.append(rarest)
                if rarest in self._alone:
                    self._alone[rarest].append(slot)
                else:
                    self._alone[rarest] = [slot]
                continue
            rarest, others, doubts, is_sure = anchored(clause, self._commonness)
            anchors.append(rarest)
            row = (slot, others, doubts, is_sure)
            if rarest in self._rows:
                self._rows[rarest].append(row)
            else:
                self._rows[rarest] = [row]
        self._anchors[slot] = tuple(anchors)

    def remove(self, slot: int) -> None:
        """Forget the rule `slot`; nothing happens if it does not stand here."""
        self._wordless.pop(slot, None)
        for leaf in self._anchors.pop(slot, ()):
            # New lists: another thread may be reading the old ones.
            _keep(self._alone, leaf, [s for s in self._alone.get(leaf, ()) if s != slot])
            _keep(self._rows, leaf, [row for row in self._rows.get(leaf, ()) if row[0] != slot])

    def settle(self) -> None:
        """Do nothing: every rule stands where it stays."""

    def holding(self, present: set[int], ask: Ask) -> list[int]:
        """Return the slots of the rules that hold where these leaves are, in order."""
        holds, asked = self.answer(present)
        holds.update(filter(ask, asked - holds))
        return sorted(holds)

    def answer(self, present: set[int]) -> tuple[set[int], set[int]]:
        """Return the slots of rules that hold for sure, and of those that have to be asked."""
        holds: set[int] = set()
        asked = set(self._wordless) if self._wordless else set()
        for leaf in self._alone.keys() & present:
            holds.update(self._alone.get(leaf, ()))
        for leaf in self._rows.keys() & present:
            for slot, others, doubts, is_sure in self._rows.get(leaf, ()):
                if not others or present.issuperset(others):
                    if is_sure and present.isdisjoint(doubts):
                        holds.add(slot)
                    else:
                        asked.add(slot)
        return holds, asked


_Item = TypeVar("_Item")


def _keep(lists: dict[int, list[_Item]], leaf: int, kept: list[_Item]) -> None:
    if kept:
        lists[leaf] = kept
    else:
        lists.pop(leaf, None)
