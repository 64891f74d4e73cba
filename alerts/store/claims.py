"""Claiming due rows: one at a time each, with a lease that fences late results.

The lease is a random value: whoever writes a result does so `WHERE lease = …` and learns from the
row count whether the row was still its own.

Statements that a tick executes all the time are made once, with bound parameters: to make one costs
several times what the database needs for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Executable,
    Integer,
    Row,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    update,
)

from alerts.store.schema import delivery, feed, slot

#: Bound parameters that a statement may carry on every SQLite we run on.
_BOUND = 500

CLAIMABLE = (feed, slot, delivery)

#: The moment of the statement that is executed.
NOW = bindparam("now", type_=Double)


def is_free(table: Table, now: float | ColumnElement[float] = NOW) -> ColumnElement[bool]:
    """Nobody works on it, or who did has been silent for too long."""
    return or_(table.c.lease.is_(None), table.c.lease_until < now)


def is_due(table: Table, now: float | ColumnElement[float] = NOW) -> ColumnElement[bool]:
    """It is time, and nobody works on it."""
    return and_(table.c.due_at <= now, is_free(table, now))


@cache
def taking(table: Table, *where: ColumnElement[bool], **values: Any) -> Executable:
    """Return the statement that takes due rows which are `where`, and sets `values` in them.

    For `claim`; it may name NOW.
    """
    key = tuple_(*table.primary_key.columns)
    due = (
        select(*table.primary_key.columns)
        .where(is_due(table), *where)
        .order_by(table.c.due_at)
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True)
    )
    return (
        update(table)
        .where(key.in_(due))
        .values(lease=bindparam("_lease"), lease_until=bindparam("_lease_until"), **values)
        .returning(*table.c)
    )


def claim(
    connection: Connection,
    statement: Executable,
    *,
    now: float,
    lease: str,
    lease_s: float,
    limit: int,
) -> list[Row[Any]]:
    """Take up to `limit` rows, the longest due first, and return them as they now are."""
    bound = {"now": now, "limit": limit, "_lease": lease, "_lease_until": now + lease_s}
    return sorted(connection.execute(statement, bound), key=lambda row: row.due_at)


_NEXT_DUE = tuple(
    # Not null: else SQLite's min() reads every delivery that was ever made.
    select(func.min(table.c.due_at)).where(
        table.c.due_at.is_not(None), table.c.lease.is_(None), *only
    )
    for table, only in (
        (feed, (feed.c.is_active,)),
        (slot, ()),
        (delivery, (delivery.c.state.in_(("pending", "delayed")),)),
    )
)


def next_due(connection: Connection) -> float | None:
    """Return when the next thing falls due that nobody works on; None if nothing ever will."""
    moments = (connection.execute(query).scalar() for query in _NEXT_DUE)
    return min((moment for moment in moments if moment is not None), default=None)


def put_back(
    connection: Connection, table: Table, row: Row[Any], lease: str, values: dict[str, Any]
) -> None:
    """End a lease without a result."""
    mine = (column == getattr(row, column.name) for column in table.primary_key.columns)
    connection.execute(
        update(table)
        .where(*mine, table.c.lease == lease)
        .values(lease=None, lease_until=None, **values)
    )


def free_all(connection: Connection) -> None:
    """Drop every lease: who holds the working lock knows that no one else works."""
    for table in CLAIMABLE:
        connection.execute(
            update(table).where(table.c.lease.is_not(None)).values(lease=None, lease_until=None)
        )


def insert(connection: Connection, table: Table) -> Any:
    """Return the dialect's INSERT, which knows ON CONFLICT."""
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")  # one is in use
    return dialect.insert(table)


def upsert(
    connection: Connection, table: Table, key: tuple[str, ...], changed: tuple[str, ...]
) -> Any:
    """Return the INSERT that changes some columns where a row of that key exists already."""
    return _upsert(connection.dialect.name, table, key, changed)


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], changed: tuple[str, ...]) -> Any:
    statement = import_module(f"sqlalchemy.dialects.{dialect}").insert(table)
    values = {name: statement.excluded[name] for name in changed}
    return statement.on_conflict_do_update(index_elements=key, set_=values)


def chunks(values: Collection[Any]) -> Iterator[Sequence[Any]]:
    """Yield the values in lists short enough to be bound to one statement everywhere."""
    items = list(values)
    for start in range(0, len(items), _BOUND):
        yield items[start : start + _BOUND]
