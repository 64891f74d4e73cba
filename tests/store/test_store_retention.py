"""Claims about `store.retention`, on both databases: what an unchanged feed lists stays known."""

from __future__ import annotations

import pytest

from alerts.store import entries, retention
from alerts.store.database import Database
from alerts.store.retention import DAY_S
from alerts.store.schema import feed, feed_key

READ = 1_000.0


def known(database: Database, *, is_active: bool) -> None:
    """A feed whose document was read once and is answered 304 since; it listed b, not a."""
    with database.write() as connection:
        row = {"url": "https://a.example/f", "host": "a.example", "state": "ok",
               "is_active": is_active, "read_at": READ}  # fmt: skip
        key = connection.execute(feed.insert().values(row).returning(feed.c.id)).scalar_one()
        entries.remember(connection, key, [("1:a", 1), ("3:a", 1)], READ - 1)
        entries.remember(connection, key, [("1:b", 2), ("2:b", 2), ("3:b", 2)], READ)


@pytest.mark.parametrize(
    ("is_active", "days", "kept"),
    [
        (True, 30, {"1:a", "3:a", "1:b", "2:b", "3:b"}),
        (True, 100, {"1:a", "1:b", "2:b", "3:b"}),
        (True, 500, {"1:b", "2:b", "3:b"}),
        (False, 500, set()),
    ],
)
def test_what_a_feed_lists_stays_known_however_long_it_is_unchanged(
    database: Database, *, is_active: bool, days: int, kept: set[str]
) -> None:
    known(database, is_active=is_active)
    with database.write() as connection:
        retention.prune(connection, READ + days * DAY_S)
        left = {row.key for row in connection.execute(feed_key.select())}
    assert left == kept
