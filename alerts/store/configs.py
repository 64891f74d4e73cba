"""Rows of configurations that came into force, and single values kept for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from alerts.store.claims import insert
from alerts.store.schema import config_version, meta

#: States of a configuration version. Undone ones are set aside: they are not taken again before the
#: files say something else; then they, and edits that waited in vain, are given up: history.
IN_FORCE, WAITS, SET_ASIDE, GIVEN_UP = "in force", "waits", "set aside", "given up"

#: What commands ask of whoever does the work: the service, or the next pass.
Request = Literal["look", "confirm", "previous"]

_REQUEST = "config_request"


def latest(connection: Connection) -> Row[Any] | None:
    """Return the configuration in force: version, loaded_at, files, summary; None at first."""
    return _last(connection, IN_FORCE)


def first_loaded_at(connection: Connection) -> float | None:
    """Return when the oldest configuration that is kept was loaded; None if none ever was."""
    return connection.execute(select(func.min(config_version.c.loaded_at))).scalar()


def waiting(connection: Connection) -> Row[Any] | None:
    """Return the edit that waits for `alerts reload --confirm`, if there is one."""
    return _last(connection, WAITS)


def undone(connection: Connection) -> Row[Any] | None:
    """Return the version that was undone and not edited since, if there is one."""
    return _last(connection, SET_ASIDE)


def before(connection: Connection, row: Row[Any]) -> Row[Any] | None:
    """Return the version that was in force before `row`, and is another one; None if none was."""
    query = select(config_version).where(
        config_version.c.state == IN_FORCE,
        config_version.c.id < row.id,
        config_version.c.version != row.version,
    )
    return connection.execute(query.order_by(config_version.c.id.desc()).limit(1)).one_or_none()


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
) -> int:
    """Note a configuration: that it came into force, or that it waits. Return the row's id."""
    statement = config_version.insert().values(
        version=version, loaded_at=now, files=dict(files), state=state, summary=summary
    )
    return int(connection.execute(statement.returning(config_version.c.id)).scalar_one())


def set_state(connection: Connection, row_id: int, state: str, **values: Any) -> None:
    """Move a version on: confirmed, or set aside."""
    connection.execute(
        update(config_version).where(config_version.c.id == row_id).values(state=state, **values)
    )


def give_up(connection: Connection, state: str) -> None:
    """Let versions that wait, or are set aside, have no effect any more."""
    connection.execute(
        update(config_version).where(config_version.c.state == state).values(state=GIVEN_UP)
    )


def forget_old(connection: Connection, kept: int) -> None:
    """Delete all but the newest versions, and what they gave up."""
    ids = select(config_version.c.id).order_by(config_version.c.id.desc()).offset(kept)
    for row_id in connection.execute(ids).scalars().all():
        forget(connection, undo_key(row_id))
        connection.execute(delete(config_version).where(config_version.c.id == row_id))


def undo_key(row_id: int) -> str:
    """Return the key of the record of what a version gave up (see `store.undo`)."""
    return f"config_undo {row_id}"


def ask(connection: Connection, request: Request, row_id: int = 0) -> None:
    """Leave a request about a version for whoever does the work."""
    keep(connection, _REQUEST, f"{request} {row_id}")


def asked(connection: Connection) -> tuple[Request, int] | None:
    """Return the request that was left and not yet met, and the version's row id."""
    text = value(connection, _REQUEST)
    if text is None:
        return None
    request, _, row_id = text.partition(" ")
    return cast("Request", request), int(row_id)


def met(connection: Connection) -> None:
    """Forget the request: it was met, or cannot be."""
    forget(connection, _REQUEST)


def once_made(connection: Connection, key: str, new: str) -> str:
    """Return the value kept under `key`; keep `new` if there was none."""
    statement = insert(connection, meta).values(key=key, value=new)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
    return value(connection, key) or ""


_VALUE = select(meta.c.value).where(meta.c.key == bindparam("_key"))


def value(connection: Connection, key: str) -> str | None:
    """Return the value kept under `key`."""
    found = connection.execute(_VALUE, {"_key": key}).scalar()
    return None if found is None else str(found)


def keep(connection: Connection, key: str, new: str) -> None:
    """Keep `new` under `key`, whatever was there."""
    statement = insert(connection, meta).values(key=key, value=new)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": new}))


def forget(connection: Connection, key: str) -> None:
    """Forget the value kept under `key`."""
    connection.execute(delete(meta).where(meta.c.key == key))
