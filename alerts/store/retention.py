"""What is forgotten, and when: small batches, so that no writer waits for long."""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete, exists, select

from alerts.store.deliveries import OPEN
from alerts.store.schema import alert, delivery, digest, entry, feed, feed_key

DAY_S = 86_400.0

#: Entries and what was sent are kept this long.
HISTORY_S = 90 * DAY_S

#: A key is kept this long after its last sight, so that what comes back is not told again.
KEY_S = 400 * DAY_S

#: The words of an article (K3) tell for 30 days only, and feeds that edit a lot make many of them.
WORDS_S = 60 * DAY_S


def prune(connection: Connection, now: float, batch: int = 1_000) -> int:
    """Delete one batch of what is too old; return how many rows (0: nothing is left to do)."""
    old = now - HISTORY_S
    is_words = feed_key.c.key.startswith("3:")
    unseen = (feed_key.c.last_seen < now - KEY_S) | (
        is_words & (feed_key.c.last_seen < now - WORDS_S)
    )
    is_listed = exists().where(  # in the document that the feed has had ever since it was read
        feed.c.id == feed_key.c.feed_id, feed.c.is_active, feed.c.read_at <= feed_key.c.last_seen
    )
    done = _delete(connection, feed_key, unseen & ~is_listed, batch)
    done += _delete(
        connection,
        delivery,
        (delivery.c.created_at < old) & delivery.c.state.not_in(OPEN),
        batch,
    )
    owed = select(alert.c.entry_id).where(alert.c.state == "pending")
    in_use = select(delivery.c.digest_id)
    still_out = select(alert.c.entry_id).where(alert.c.digest_id.in_(in_use))
    done += _delete(
        connection,
        entry,
        (entry.c.seen_at < old) & entry.c.id.not_in(owed) & entry.c.id.not_in(still_out),
        batch,
    )
    has_alerts = select(alert.c.digest_id).where(alert.c.digest_id.is_not(None))
    done += _delete(
        connection,
        digest,
        (digest.c.created_at < old) & digest.c.id.not_in(in_use) & digest.c.id.not_in(has_alerts),
        batch,
    )
    return done


def _delete(connection: Connection, table: Table, condition: object, batch: int) -> int:
    key = next(iter(table.primary_key.columns))
    if len(table.primary_key.columns) == 1:
        some = select(key).where(condition).limit(batch)  # type: ignore[arg-type]
        return connection.execute(delete(table).where(key.in_(some))).rowcount
    return connection.execute(delete(table).where(condition)).rowcount  # type: ignore[arg-type]
