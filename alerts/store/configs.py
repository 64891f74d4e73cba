"""Rows of configurations that came into force, and single values kept for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select, update

from alerts.store.claims import insert
from alerts.store.schema import config_version, meta

#: States of a configuration version.
IN_FORCE, WAITS, SET_ASIDE = "in force", "waits", "set aside"


def latest(connection: Connection) -> Row[Any] | None:
    """Return the configuration in force: version, loaded_at, files, summary; None at first."""
    return _last(connection, IN_FORCE)


def waiting(connection: Connection) -> Row[Any] | None:
    """Return the edit that waits for `alerts reload --confirm`, if there is one."""
    return _last(connection, WAITS)


def _last(connection: Connection, state: str) -> Row[Any] | None:
    query = select(config_version).where(config_version.c.state == state)
    return connection.execute(query.order_by(config_version.c.id.desc()).limit(1)).one_or_none()


def add(
    connection: Connection,
    version: str,
    files: Mapping[str, str],
    now: float,
    *,
    state: str = IN_FORCE,
    summary: str = "",
) -> None:
    """Note a configuration: that it came into force, or that it waits."""
    connection.execute(
        config_version.insert().values(
            version=version, loaded_at=now, files=dict(files), state=state, summary=summary
        )
    )


def set_state(connection: Connection, row_id: int, state: str) -> None:
    """Move a version on: confirmed, or set aside."""
    connection.execute(
        update(config_version).where(config_version.c.id == row_id).values(state=state)
    )


def once_made(connection: Connection, key: str, new: str) -> str:
    """Return the value kept under `key`; keep `new` if there was none."""
    statement = insert(connection, meta).values(key=key, value=new)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
    return value(connection, key) or ""


def value(connection: Connection, key: str) -> str | None:
    """Return the value kept under `key`."""
    found = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
    return None if found is None else str(found)


def keep(connection: Connection, key: str, new: str) -> None:
    """Keep `new` under `key`, whatever was there."""
    statement = insert(connection, meta).values(key=key, value=new)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": new}))
