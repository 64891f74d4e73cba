"""Claiming due rows: one at a time each, with a lease that fences late results.

The lease is a random value: whoever writes a result does so `WHERE lease = …` and learns from the
row count whether the row was still its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from alerts.store.schema import delivery, feed, slot

#: Bound parameters that a statement may carry on every SQLite we run on.
_BOUND = 500

CLAIMABLE = (feed, slot, delivery)


def is_free(table: Table, now: float) -> ColumnElement[bool]:
    """Nobody works on it, or who did has been silent for too long."""
    return or_(table.c.lease.is_(None), table.c.lease_until < now)


def is_due(table: Table, now: float) -> ColumnElement[bool]:
    """It is time, and nobody works on it."""
    return and_(table.c.due_at <= now, is_free(table, now))


def claim(  # noqa: PLR0913 - each is one fact of the claim
    connection: Connection,
    table: Table,
    *,
    now: float,
    lease: str,
    lease_s: float,
    limit: int,
    where: tuple[ColumnElement[bool], ...] = (),
    values: dict[str, Any] | None = None,
) -> list[Row[Any]]:
    """Take up to `limit` due rows, the longest due first, and return them as they now are."""
    key = tuple_(*table.primary_key.columns)
    due = (
        select(*table.primary_key.columns)
        .where(is_due(table, now), *where)
        .order_by(table.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(table)
        .where(key.in_(due))
        .values(lease=lease, lease_until=now + lease_s, **(values or {}))
        .returning(*table.c)
    )
    return sorted(connection.execute(taken), key=lambda row: row.due_at)


def next_due(connection: Connection) -> float | None:
    """Return when the next thing falls due that nobody works on; None if nothing ever will."""
    moments = (
        connection.execute(select(func.min(table.c.due_at)).where(table.c.lease.is_(None), *only))
        for table, only in (
            (feed, (feed.c.is_active,)),
            (slot, ()),
            (delivery, (delivery.c.state.in_(("pending", "delayed")),)),
        )
    )
    return min((m for m in (row.scalar() for row in moments) if m is not None), default=None)


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
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def chunks(values: Collection[Any]) -> Iterator[Sequence[Any]]:
    """Yield the values in lists short enough to be bound to one statement everywhere."""
    items = list(values)
    for start in range(0, len(items), _BOUND):
        yield items[start : start + _BOUND]
