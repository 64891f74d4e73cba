"""Forgetting a person: every row that holds their address goes; that they get nothing stays.

What stays is a keyed hash, so that a line that is added again mails them no more. The files of
earlier configurations are kept with the address blotted out.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from alerts.store import configs, stops, undo
from alerts.store.database import Database
from alerts.store.schema import (
    alert,
    config_version,
    delivery,
    digest,
    gate,
    notice,
    pause,
    reader,
    slot,
    subscriber,
    subscription,
    suppression,
    welcome,
)

#: What stands in earlier configurations in place of an erased address, so that they can still be
#: read; no mail can go there (RFC 2606), and who has it is left out.
BLOT = "erased@erased.example"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, and what in the database still names the person."""

    deliveries: int
    subscribers: tuple[str, ...]  # removed from subscribers.yaml before: forgotten too
    is_in_force: bool  # the configuration in force still has the address


def erase(connection: Connection, target: str, now: float, new_key: str) -> Erasure:
    """Forget a target, and our own messages to it; nothing is sent to it again.

    `new_key` keys the hash if none does yet.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # overwrite, do not just unlink
    address = target.removeprefix("email/")
    targets = stops.aliases(target)
    gone = _removed_owners(connection, targets)
    _forget_gates(connection, targets)
    count = connection.execute(delete(delivery).where(delivery.c.target.in_(targets))).rowcount
    for key in gone:
        _forget_subscriber(connection, key)
    for column in (notice.c.key, notice.c.subject):
        held = func.lower(column).contains(address.lower(), autoescape=True)
        connection.execute(delete(notice).where(held))
    connection.execute(delete(pause).where(pause.c.target.in_(targets)))
    connection.execute(delete(welcome).where(welcome.c.target.in_(targets)))
    _stop_as_hash(connection, targets, now, new_key)
    return Erasure(count, tuple(gone), _blot_configs(connection, address))


def unerase(connection: Connection, target: str) -> bool:
    """Let `target` get mails again; False if it was not erased."""
    if not stops.erased(connection, [target]):
        return False
    hashed = stops.hashed(connection, target, "")
    stops.lift(connection, hashed)
    if stops.reader_id(connection, target) is None:
        connection.execute(update(reader).where(reader.c.target == hashed).values(target=target))
    return True


def tidy(database: Database) -> None:
    """Let the file of a SQLite database keep no copy of what was erased."""
    if database.path is None:
        return
    connection = sqlite3.connect(database.path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError:  # someone reads or writes: their own checkpoint will do it
        pass
    finally:
        connection.close()


def _removed_owners(connection: Connection, targets: tuple[str, ...]) -> list[str]:
    """Return subscribers that are no longer configured and had no other address."""
    others = select(delivery.c.subscriber).where(delivery.c.target.not_in(targets))
    query = (
        select(subscriber.c.id)
        .join(delivery, delivery.c.subscriber == subscriber.c.id)
        .where(
            delivery.c.target.in_(targets),
            subscriber.c.removed_at.is_not(None),
            subscriber.c.id.not_in(others),
        )
        .distinct()
    )
    return list(connection.execute(query).scalars())


def _forget_gates(connection: Connection, targets: tuple[str, ...]) -> None:
    keys = select(delivery.c.destination).where(delivery.c.target.in_(targets))
    connection.execute(delete(gate).where(gate.c.key.in_(keys)))


def _forget_subscriber(connection: Connection, key: str) -> None:
    for table in (alert, digest, slot, subscription):
        connection.execute(delete(table).where(table.c.subscriber == key))
    connection.execute(delete(subscriber).where(subscriber.c.id == key))
    undo.forget_subscriber(connection, key)


def _stop_as_hash(
    connection: Connection, targets: tuple[str, ...], now: float, new_key: str
) -> None:
    target = targets[0]
    connection.execute(delete(suppression).where(suppression.c.target.in_(targets)))
    hashed = stops.hashed(connection, target, new_key)
    stops.stop(connection, hashed, stops.ERASED, "this person's data was erased", now)
    if stops.reader_id(connection, hashed) is not None:
        connection.execute(delete(reader).where(reader.c.target == target))
    else:
        connection.execute(update(reader).where(reader.c.target == target).values(target=hashed))


def _blot_configs(connection: Connection, address: str) -> bool:
    """Blot the address out of all configurations but the one in force; whether that has it."""
    pattern = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?![\w-])", re.IGNORECASE)
    latest = configs.latest(connection)
    is_in_force = False
    for row in connection.execute(select(config_version.c.id, config_version.c.files)).all():
        if not any(pattern.search(text) for text in row.files.values()):
            continue
        if latest is not None and row.id == latest.id:
            is_in_force = True
            continue
        files: dict[str, Any] = {n: pattern.sub(BLOT, text) for n, text in row.files.items()}
        connection.execute(
            update(config_version).where(config_version.c.id == row.id).values(files=files)
        )
    return is_in_force
