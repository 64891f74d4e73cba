"""The clauses of all rules, each found by its rarest leaf. A rule is a number here, its slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from alerts.rules.clauses import Clause


class Answer(NamedTuple):
    """Slots of the rules that hold, and of those that have to be asked."""

    holds: set[int]
    asked: set[int]


#: A clause without its rarest leaf.
_Row = tuple[int, tuple[int, ...], tuple[int, ...], bool]


class Table:
    """May be read by many threads while one adds and removes."""

    def __init__(self, commonness: Mapping[int, int]) -> None:
        self._commonness = commonness
        self._alone: dict[int, list[int]] = {}  # a leaf that is enough -> slots
        self._rows: dict[int, list[_Row]] = {}
        self._anchors: dict[int, tuple[int, ...]] = {}

    def __len__(self) -> int:
        """Return how many rules stand in it."""
        return len(self._anchors)

    def add(self, slot: int, clauses: Sequence[Clause]) -> None:
        """Find the rule `slot` by its clauses from now on."""
        anchors: list[int] = []
        for leaves, doubts, is_sure in clauses:
            rarest, others = leaves[0], leaves[1:]
            if others:
                rarest = min(leaves, key=self._commonness.__getitem__)
                others = tuple([leaf for leaf in leaves if leaf != rarest])
            anchors.append(rarest)
            if is_sure and not others and not doubts:
                if rarest in self._alone:
                    self._alone[rarest].append(slot)
                else:
                    self._alone[rarest] = [slot]
                continue
            row = (slot, others, doubts, is_sure)
            if rarest in self._rows:
                self._rows[rarest].append(row)
            else:
                self._rows[rarest] = [row]
        self._anchors[slot] = tuple(anchors)

    def remove(self, slot: int) -> None:
        """Forget the rule `slot`; nothing happens if it does not stand here."""
        for leaf in self._anchors.pop(slot, ()):
            # New lists: another thread may be reading the old ones.
            _keep(self._alone, leaf, [s for s in self._alone.get(leaf, ()) if s != slot])
            _keep(self._rows, leaf, [row for row in self._rows.get(leaf, ()) if row[0] != slot])

    def answer(self, present: set[int]) -> Answer:
        """Return what the leaves of an article say about the rules."""
        holds: set[int] = set()
        asked: set[int] = set()
        for leaf in self._alone.keys() & present:
            holds.update(self._alone.get(leaf, ()))
        for leaf in self._rows.keys() & present:
            for slot, others, doubts, is_sure in self._rows.get(leaf, ()):
                if not others or present.issuperset(others):
                    if is_sure and present.isdisjoint(doubts):
                        holds.add(slot)
                    else:
                        asked.add(slot)
        return Answer(holds, asked - holds if asked else asked)


_Item = TypeVar("_Item")


def _keep(lists: dict[int, list[_Item]], leaf: int, kept: list[_Item]) -> None:
    if kept:
        lists[leaf] = kept
    else:
        lists.pop(leaf, None)
