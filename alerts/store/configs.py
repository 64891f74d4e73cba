"""Rows of configurations that came into force, and single values kept for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from alerts.store.claims import insert
from alerts.store.schema import config_version, meta


def latest(connection: Connection) -> Row[Any] | None:
    """Return the configuration that came into force last: version, loaded_at, files."""
    query = select(config_version).order_by(config_version.c.id.desc()).limit(1)
    return connection.execute(query).one_or_none()


def add(connection: Connection, version: str, files: Mapping[str, str], now: float) -> None:
    """Note that a configuration came into force."""
    connection.execute(
        config_version.insert().values(version=version, loaded_at=now, files=dict(files))
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
