"""Who gets nothing, and why: stops of readers, dead addresses and webhooks, pauses.

They live in the database, beat subscribers.yaml and are lifted only on purpose. A stop is about a
target (`model.Destination.target`): one mail address, whichever subscribers it stands under, or
one webhook.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, literal, select, union_all

from alerts.store import configs
from alerts.store.claims import chunks, insert
from alerts.store.schema import pause, reader, suppression

#: Kinds of suppression: the reader's own stop, an address that does not exist, a dead webhook, a
#: person whose data was erased.
STOPPED, BAD_ADDRESS, GONE, ERASED = "stopped", "bad_address", "gone", "erased"

#: What stands before the target of our own messages to it: that it was stopped, notices to admins.
#: A reader's stop or a pause of the target does not hold them; that it does not exist does.
CONFIRMATION, NOTICE = "confirmation/", "notice/"

#: What the target of someone erased begins with; the rest is a keyed hash.
ERASED_PREFIX = "erased/"

_HASH_KEY = "erasing_key"


def stop(connection: Connection, target: str, kind: str, reason: str, now: float) -> bool:
    """Send nothing more to `target`; False if that was so already."""
    statement = (
        insert(connection, suppression)
        .values(target=target, kind=kind, reason=reason, created_at=now)
        .on_conflict_do_nothing(index_elements=["target"])
        .returning(suppression.c.target)
    )
    return connection.execute(statement).one_or_none() is not None


def lift(connection: Connection, target: str) -> Row[Any] | None:
    """Send to `target` again; return what was lifted, None if nothing was."""
    statement = delete(suppression).where(suppression.c.target == target).returning(*suppression.c)
    return connection.execute(statement).one_or_none()


def stops(connection: Connection) -> dict[str, Row[Any]]:
    """Return every suppression by its target."""
    return {row.target: row for row in connection.execute(select(suppression))}


def stop_of(connection: Connection, target: str) -> Row[Any] | None:
    """Return the suppression of one target."""
    query = select(suppression).where(suppression.c.target == target)
    return connection.execute(query).one_or_none()


def bare(target: str) -> str:
    """Return what a stop is about: the target without what stands before that of our messages."""
    return target.removeprefix(CONFIRMATION).removeprefix(NOTICE)


def aliases(target: str) -> tuple[str, ...]:
    """Return the targets of everything that goes to the same address or webhook, its own first."""
    return (target, CONFIRMATION + target, NOTICE + target)


def holding(found: Mapping[str, Row[Any]], target: str) -> Row[Any] | None:
    """Return which of the stops `found` (by target) holds back what has this target."""
    stop = found.get(bare(target))
    return stop if stop is None or bare(target) == target or stop.kind != STOPPED else None


def _prefixed(prefix: str) -> Any:
    is_nowhere = suppression.c.kind.in_((BAD_ADDRESS, GONE))
    target = (literal(prefix) + suppression.c.target).label("target")
    return select(target, suppression.c.reason).where(is_nowhere)


#: The same in the database: targets that are held back, and the reason.
HELD = union_all(
    select(suppression.c.target, suppression.c.reason), _prefixed(CONFIRMATION), _prefixed(NOTICE)
).subquery("held")


def set_pause(connection: Connection, target: str, until: float | None) -> None:
    """Hold everything for `target` until then; None ends the pause."""
    connection.execute(delete(pause).where(pause.c.target == target))
    if until is not None:
        connection.execute(pause.insert().values(target=target, until=until))


_PAUSES = select(pause).where(pause.c.until > bindparam("_now"))
_PAUSES_OF = _PAUSES.where(pause.c.target.in_(bindparam("_targets", expanding=True)))


def pauses(
    connection: Connection, now: float, targets: Collection[str] | None = None
) -> dict[str, float]:
    """Return target -> until for the pauses that are not over, of all targets or these few."""
    if targets is None:
        rows = connection.execute(_PAUSES, {"_now": now})
    else:
        rows = connection.execute(_PAUSES_OF, {"_now": now, "_targets": list(targets)})
    return {row.target: row.until for row in rows}


# --- erased people -----------------------------------------------------------------------------


def hashed(connection: Connection, target: str, new_key: str) -> str:
    """Return what stands for `target` once it is erased; `new_key` is kept if there was none."""
    return _hash(configs.once_made(connection, _HASH_KEY, new_key), target)


def erased(connection: Connection, targets: Collection[str]) -> set[str]:
    """Return which of the targets were erased: nothing is sent to them, nothing of them kept."""
    key = configs.value(connection, _HASH_KEY)
    if key is None:
        return set()
    by_hash = {_hash(key, target): target for target in targets}
    found: set[str] = set()
    for some in chunks(by_hash):
        query = select(suppression.c.target).where(suppression.c.target.in_(some))
        found.update(by_hash[value] for value in connection.execute(query).scalars())
    return found


def _hash(key: str, target: str) -> str:
    return ERASED_PREFIX + hmac.new(key.encode(), target.encode(), hashlib.sha256).hexdigest()


# --- readers, as links name them ---------------------------------------------------------------


def reader_id(connection: Connection, target: str) -> str | None:
    """Return the id that links name `target` by, if it has one yet."""
    return connection.execute(select(reader.c.id).where(reader.c.target == target)).scalar()


def add_reader(connection: Connection, target: str, new_id: str) -> str:
    """Return the id that links name `target` by; `new_id` if it had none."""
    statement = insert(connection, reader).values(id=new_id, target=target)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["target"]))
    return reader_id(connection, target) or new_id


def reader_target(connection: Connection, key: str) -> str | None:
    """Return the target that a link's id stands for."""
    return connection.execute(select(reader.c.target).where(reader.c.id == key)).scalar()
