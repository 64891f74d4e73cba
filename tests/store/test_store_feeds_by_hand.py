"""Claims about `store.feeds_by_hand`, on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from alerts.store import entries, feeds, feeds_by_hand
from alerts.store.database import Database
from alerts.store.schema import feed, feed_key

OLD, NEW = "https://a.example/f", "https://b.example/f"


def known(database: Database, **values: Any) -> None:
    with database.write() as connection:
        row = {"url": OLD, "host": "a.example", "is_active": True, "state": "ok"} | values
        feed_id = connection.execute(feed.insert().values(row).returning(feed.c.id)).scalar_one()
        entries.remember(connection, feed_id, [("1:x", 7), ("2:y", 7)], 100.0)


def rows(database: Database) -> dict[str, Row[Any]]:
    with database.read() as connection:
        return feeds.by_url(connection)


def test_a_new_address_knows_what_the_old_one_carried_and_rests(database: Database) -> None:
    known(database, title="Courier", baseline_at=50.0)
    with database.write() as connection:
        assert feeds_by_hand.carry_over(connection, OLD, NEW, "b.example") == 2
        assert feeds_by_hand.carry_over(connection, OLD, NEW, "b.example") == 2
        new_id = feeds.by_url(connection)[NEW].id
        mine = feed_key.select().where(feed_key.c.feed_id == new_id).order_by(feed_key.c.key)
        found = [(r.key, r.entry_id, r.last_seen) for r in connection.execute(mine)]
    assert found == [("1:x", 7, 100.0), ("2:y", 7, 100.0)]
    row = rows(database)[NEW]
    assert (row.is_active, row.baseline_at, row.title, row.due_at) == (False, 50.0, "Courier", None)


def test_an_address_that_was_polled_keeps_its_own_baseline(database: Database) -> None:
    known(database, baseline_at=50.0)
    known(database, url=NEW, baseline_at=70.0)
    with database.write() as connection:
        feeds_by_hand.carry_over(connection, OLD, NEW, "b.example")
    assert rows(database)[NEW].baseline_at == 70.0


def test_resume_waits_for_the_floor_and_for_the_server(database: Database) -> None:
    known(database, state="gone", gone_at=1.0, last_poll_at=900.0)
    with database.write() as connection:
        assert feeds_by_hand.resume(connection, OLD, 1_000.0, 300.0) == 1_200.0
    row = rows(database)[OLD]
    assert (row.state, row.gone_at, row.due_at) == ("failing", None, 1_200.0)


def test_a_poll_that_is_under_way_is_left_alone(database: Database) -> None:
    known(database, lease="x", lease_until=9e9, due_at=5.0)
    with database.write() as connection:
        feeds_by_hand.resume(connection, OLD, 1_000.0, 300.0)
    assert rows(database)[OLD].due_at == 5.0
