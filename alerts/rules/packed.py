"""The clauses of very many rules in arrays: less memory, and all asked at once.

From some 30,000 rules on, if numpy is there (the extra `fast`). Rules that come later, and those
that do not fit, stand in a `Table` beside the arrays; once there are many they are merged into the
arrays in the background.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module, util
from typing import TYPE_CHECKING, Any, NamedTuple

from alerts.rules.clauses import Clause
from alerts.rules.table import Ask, Table, anchored

if TYPE_CHECKING:
    import numpy as np

    _Numbers = np.ndarray[Any, np.dtype[np.int32]]

FROM = 30_000  # rules; fewer are answered as fast by dictionaries
MERGE_AT = 2_000  # rules that came or went since
_OTHERS = 3  # leaves of a clause beside its rarest one
_DOUBTS = 2
#: Numbers that no leaf has: one stands for what is in every article, one for what is in none.
_ALWAYS, _NEVER = 0, 1
_COLUMNS = 2 + _OTHERS + _DOUBTS  # rarest leaf, slot, others, doubts


def is_possible() -> bool:
    """Whether numpy is there."""
    return util.find_spec("numpy") is not None


@cache
def _numpy() -> Any:
    """Load numpy when there are so many rules: it takes 25 MB."""
    return import_module("numpy")


class _Index(NamedTuple):
    """Rows sorted by their rarest leaf: those of leaf n stand in starts[n] to starts[n + 1]."""

    starts: _Numbers
    columns: tuple[_Numbers, ...]

    def rows_of(self, leaves: _Numbers) -> _Numbers:
        """Return the numbers of all rows of these leaves."""
        np = _numpy()
        begins = self.starts[leaves]
        counts = self.starts[leaves + 1] - begins
        before = np.cumsum(counts) - counts
        rows: _Numbers = np.repeat(begins - before, counts) + np.arange(counts.sum())
        return rows


class _Arrays(NamedTuple):
    alone: _Index  # a leaf that is enough -> slots
    joint: _Index  # -> slot, others, doubts

    @property
    def size(self) -> int:
        """The first leaf that is in none of them."""
        return len(self.alone.starts) - 1


class Packed:
    """A `Table` for very many rules; `add` until the first `settle` is for the arrays."""

    def __init__(self, commonness: Mapping[int, int]) -> None:
        self._commonness = commonness
        self._beside = Table(commonness)
        self._rows = array("i")  # of the first build
        # Read together: the arrays, and the slots that went while their rows still stand there.
        self._state: tuple[_Arrays | None, set[int]] = (None, set())
        self._came: dict[int, Sequence[Clause]] = {}  # beside, and may be merged
        self._lock = threading.RLock()
        self._merging: threading.Thread | None = None
        self._local = threading.local()

    def add(self, slot: int, clauses: Sequence[Clause] | None) -> None:
        """Find the rule `slot` by its clauses from now on; None: ask it every time."""
        if clauses is None or not _fits(clauses):
            self._beside.add(slot, clauses)
        elif self._state[0] is None:
            _append(self._rows, slot, clauses, self._commonness)
        else:
            with self._lock:
                self._beside.add(slot, clauses)
                self._came[slot] = clauses
                self._merge_if_many()

    def remove(self, slot: int) -> None:
        """Forget the rule `slot`."""
        with self._lock:
            self._came.pop(slot, None)
            if slot in self._beside:
                self._beside.remove(slot)
            else:
                self._state[1].add(slot)
                self._merge_if_many()

    def settle(self) -> None:
        """Have all rules that came and went in the arrays, as far as they fit."""
        if self._state[0] is None:
            self._state = (_sorted(_table_of(self._rows)), set())
            self._rows = array("i")
            return
        with self._lock:
            self._merge_if_many(1)
        if self._merging:
            self._merging.join()

    # --- one article -------------------------------------------------------------------------

    def holding(self, present: set[int], ask: Ask) -> list[int]:
        """Return the slots of the rules that hold where these leaves are, in order."""
        # First what stands beside: what is merged meanwhile is found twice, and not never.
        surely, asked = self._beside.answer(present)
        arrays, gone = self._state
        if arrays is None:
            return sorted(surely.union(filter(ask, asked - surely)))
        np = _numpy()
        leaves = np.fromiter(present, np.int32, len(present))
        leaves = leaves[leaves < arrays.size]
        alone, slots = arrays.alone.columns[0], arrays.joint.columns[0]
        sure, doubtful = self._joint(arrays, leaves)
        asked.update(slots[doubtful].tolist())
        surely.update(filter(ask, asked))
        found = [alone[arrays.alone.rows_of(leaves)], slots[sure]]
        if surely:
            found.append(np.fromiter(surely, np.int32, len(surely)))
        holds: list[int] = np.unique(np.concatenate(found)).tolist()
        return [slot for slot in holds if slot not in gone] if gone else holds

    def _joint(self, arrays: _Arrays, leaves: _Numbers) -> tuple[_Numbers, _Numbers]:
        """Return the rows of several leaves that hold for sure, and those that may."""
        columns = arrays.joint.columns[1:]
        rows = arrays.joint.rows_of(leaves)
        is_there = self._flags(arrays.size)
        is_there[leaves] = True
        try:
            for column in columns[:_OTHERS]:
                rows = rows[is_there[column[rows]]]
            is_doubtful = is_there[columns[_OTHERS][rows]]
            for column in columns[_OTHERS + 1 :]:
                is_doubtful |= is_there[column[rows]]
        finally:
            is_there[leaves] = False
        return rows[~is_doubtful], rows[is_doubtful]

    def _flags(self, size: int) -> Any:
        """Return this thread's flags of leaves: a new array for each article takes longer."""
        flags = getattr(self._local, "flags", None)
        if flags is None or len(flags) < size:
            self._local.flags = flags = _numpy().zeros(size, bool)
        flags[_ALWAYS] = True
        return flags

    # --- rules that came and went -------------------------------------------------------------

    def _merge_if_many(self, enough: int = MERGE_AT) -> None:
        is_busy = self._merging is not None and self._merging.is_alive()
        if len(self._came) + len(self._state[1]) >= enough and not is_busy:
            came, gone = dict(self._came), frozenset(self._state[1])
            self._merging = threading.Thread(
                target=self._merge, args=(came, gone), name="merge rules", daemon=True
            )
            self._merging.start()

    def _merge(self, came: Mapping[int, Sequence[Clause]], gone: frozenset[int]) -> None:
        np = _numpy()
        rows = array("i")
        for slot, clauses in came.items():
            _append(rows, slot, clauses, self._commonness)
        table = np.concatenate([_table_of(rows), *self._unsorted()])
        kept = table[~np.isin(table[:, 1], np.fromiter(gone, np.int32, len(gone)))]
        arrays = _sorted(kept)
        with self._lock:
            went = {slot for slot in came if slot not in self._came}
            self._state = (arrays, self._state[1] - gone | went)
            for slot in came.keys() - went:
                del self._came[slot]
                self._beside.remove(slot)

    def _unsorted(self) -> Iterable[_Numbers]:
        """Yield the rows that the arrays were made of."""
        np, arrays = _numpy(), self._state[0]
        if arrays is None:
            return
        for index in arrays:
            rarest = np.repeat(np.arange(arrays.size), np.diff(index.starts))
            table = np.full((len(rarest), _COLUMNS), _ALWAYS, np.int32)
            table[:, 0] = rarest
            table[:, 2 + _OTHERS :] = _NEVER
            for number, column in enumerate(index.columns, 1):
                table[:, number] = column
            yield table


def _fits(clauses: Sequence[Clause]) -> bool:
    return all(len(c[0]) <= 1 + _OTHERS and len(c[1]) <= _DOUBTS for c in clauses)


def _append(
    rows: array[int], slot: int, clauses: Sequence[Clause], commonness: Mapping[int, int]
) -> None:
    for clause in clauses:
        rarest, others, doubts, is_sure = anchored(clause, commonness)
        if not is_sure:
            doubts = (_ALWAYS,)
        rows.extend((rarest, slot, *others))
        rows.extend((_ALWAYS,) * (_OTHERS - len(others)))
        rows.extend(doubts)
        rows.extend((_NEVER,) * (_DOUBTS - len(doubts)))


def _table_of(rows: array[int]) -> _Numbers:
    table: _Numbers = _numpy().frombuffer(rows, _numpy().int32).reshape(-1, _COLUMNS)
    return table


def _sorted(table: _Numbers) -> _Arrays:
    is_alone = (table[:, 2] == _ALWAYS) & (table[:, 2 + _OTHERS] == _NEVER)
    size = int(table[:, 0].max(initial=1)) + 1
    size = max(size, int(table[:, 2:].max(initial=1)) + 1)
    return _Arrays(
        _index(table[is_alone][:, :2], size),
        _index(table[~is_alone], size),
    )


def _index(table: _Numbers, size: int) -> _Index:
    np = _numpy()
    order = np.argsort(table[:, 0], kind="stable")
    starts = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(table[:, 0], minlength=size), out=starts[1:])
    return _Index(starts, tuple(np.ascontiguousarray(c[order]) for c in table.T[1:]))
