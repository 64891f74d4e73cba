"""An old service is as fast as a new one: what it does all the time does not read its history."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from alerts.store import claims, feeds, follow_ups, subscribers, told
from alerts.store.database import Database, migrate, open_database

YEARS = 3_000  # digests and deliveries of the past
FEEDS = 1_000


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Database]:
    """A database of one reader, with a digest for each hour of some months."""
    opened = open_database(f"sqlite:///{tmp_path}/alerts.db")
    migrate(opened)
    run(
        opened,
        f"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {YEARS})
        INSERT INTO digest (id, subscriber, cadence, slot, created_at, articles, config_version)
        SELECT 'd' || i, 'ana', 'right away', i, i, 1, '' FROM n
        """,
        f"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {YEARS})
        INSERT INTO delivery (id, digest_id, subscriber, destination, kind, place, target, part,
                              parts, articles, payload, state, created_at, ended_at)
        SELECT 'v' || i, 'd' || i, 'ana', 'ana/email/1', 'email', 'a@example.org',
               'a@example.org', 1, 1, 1, zeroblob(4000), 'delivered', i, i FROM n
        """,
        f"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {FEEDS})
        INSERT INTO feed (id, url, host, is_active, state, error_text)
        SELECT i, 'https://a.example/' || i, 'a.example', 1, iif(i = 500, 'new', 'ok'), '' FROM n
        """,
        f"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {YEARS})
        INSERT INTO entry (id, feed_id, title, title_key, summary, content, text_key, author, tags,
                           seen_at, is_baseline)
        SELECT i, 1, 'ICE', '', '', '', '', '', '[]', i, 0 FROM n
        """,
        f"""
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {YEARS})
        INSERT INTO alert (subscriber, entry_id, matches, state, is_late, created_at, digest_id)
        SELECT 'ana', i, '[]', 'digested', 0, i, 'd' || i FROM n
        """,
        f"UPDATE entry SET withdrawn_at = {YEARS + 1} WHERE id = 7",
    )
    yield opened
    opened.close()


def run(database: Database, *statements: str) -> None:
    with database.write() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def steps(database: Database, work: Callable[[Connection], object]) -> int:
    """Return how many instructions of its machine SQLite executes for that."""
    count = 0

    def one_more() -> int:
        nonlocal count
        count += 1
        return 0

    with database.read() as connection:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        work(connection)  # what is looked up once, the schema, is no history
        driver.set_progress_handler(one_more, 1)
        work(connection)
        driver.set_progress_handler(None, 0)
    return count


def test_the_next_due_moment_is_found_without_a_look_at_what_was_delivered(old: Database) -> None:
    assert steps(old, claims.next_due) < YEARS


def test_feeds_that_cannot_be_read_are_found_without_a_look_at_those_that_can(
    old: Database,
) -> None:
    assert steps(old, feeds.unread) < FEEDS
    with old.read() as connection:
        assert [row.id for row in feeds.unread(connection)] == [500]


def test_the_last_digest_of_a_reader_is_found_without_a_look_at_all_others(old: Database) -> None:
    assert steps(old, lambda c: subscribers.last_digest_at(c, "ana", "right away")) < YEARS


def test_what_was_withdrawn_is_found_without_a_look_at_all_that_was_told(old: Database) -> None:
    def withdrawn(connection: Connection) -> list[int]:
        return [row.entry_id for row in follow_ups.withdrawn(connection, "ana", 0.0)]

    assert steps(old, withdrawn) < YEARS
    with old.read() as connection:
        assert withdrawn(connection) == [7]


def test_what_was_told_lately_is_found_without_a_look_at_all_that_ever_was(old: Database) -> None:
    def lately(connection: Connection) -> list[int]:
        rows = told.by_others(connection, "ana", ["right away"], YEARS - 3)
        return [row.entry_id for row in rows]

    assert steps(old, lately) < YEARS
    with old.read() as connection:
        assert lately(connection) == [YEARS, YEARS - 1, YEARS - 2]
