"""Which words an article must have for a plan to hold: the filter before any plan is run."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.rules.plans import (
    AllPlan,
    AnyPlan,
    ExceptPlan,
    NearPlan,
    NotPlan,
    NoWords,
    Plan,
    TermPlan,
)

_MAX_CLAUSES = 32  # of one AND; beyond, its most telling part stands for it


#: Leaves that are all there, and whether that is sure: the plan holds then, else it must be asked.
Clause = tuple[frozenset[int], bool]


def clauses(plan: Plan) -> tuple[Clause, ...] | None:
    """Return clauses one of which is true wherever `plan` holds; None if it can hold without words.

    An empty tuple: the plan never holds.
    """
    match plan:
        case TermPlan():
            is_sure = plan.is_sure
            return _unique([(frozenset(run.leaves), is_sure) for run in plan.runs])
        case AllPlan():
            return _all([clauses(part) for part in plan.parts])
        case NearPlan():
            return _unsure(_all([clauses(plan.left), clauses(plan.right)]))
        case AnyPlan():
            return _any([clauses(part) for part in plan.parts])
        case NotPlan():
            return None if plan.keep is None else _unsure(clauses(plan.keep))
        case ExceptPlan():
            return _unsure(clauses(plan.term))
        case NoWords():
            return ()
        case _:
            return None


def _all(parts: list[tuple[Clause, ...] | None]) -> tuple[Clause, ...] | None:
    worded = [part for part in parts if part is not None]
    if not worded:
        return None
    count = 1
    for part in worded:
        count *= len(part)
    if count > _MAX_CLAUSES:
        return _unsure(min(worded, key=len))
    is_whole = len(worded) == len(parts)
    together = [(leaves, is_sure and is_whole) for leaves, is_sure in worded[0]]
    for part in worded[1:]:
        together = [
            (some | leaves, is_sure and sure) for some, sure in together for leaves, is_sure in part
        ]
    return _unique(together)


def _any(parts: list[tuple[Clause, ...] | None]) -> tuple[Clause, ...] | None:
    if any(part is None for part in parts):
        return None
    return _unique([clause for part in parts for clause in part or ()])


def _unsure(found: tuple[Clause, ...] | None) -> tuple[Clause, ...] | None:
    return None if found is None else tuple([(leaves, False) for leaves, _ in found])


def _unique(found: Sequence[Clause]) -> tuple[Clause, ...]:
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)
