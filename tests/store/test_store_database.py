"""Claims about opening, migrating and claiming rows of the database."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from alerts.clock import FakeClock, SystemClock
from alerts.errors import LockHeld, StoreError
from alerts.model import Feed
from alerts.store import claims, configs, feeds
from alerts.store.database import REVISIONS, Database, back_up, is_current, migrate, open_database
from alerts.store.lock import working_lock
from alerts.store.schema import feed, metadata

TAKING = claims.taking(feed)


def test_a_new_database_gets_the_schema_that_the_tables_describe(database: Database):
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
    assert is_current(database)


def test_the_revisions_named_are_those_of_the_migrations():
    config = Config()
    config.set_main_option("script_location", "alerts.store:migrations")
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    assert [script.revision for script in scripts] == list(reversed(REVISIONS))


def test_migrating_twice_changes_nothing(database: Database):
    assert migrate(database) == "0001"


def test_a_newer_database_is_refused_with_a_sentence(database: Database):
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer version"):
        is_current(database)


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path):
    (tmp_path / "alerts.db").write_text("this is a letter, not a database " * 100)
    with pytest.raises(StoreError, match="cannot be used as a database"):
        open_database(f"sqlite:///{tmp_path}/alerts.db")


def test_a_missing_folder_is_a_clear_error(tmp_path: Path):
    with pytest.raises(StoreError, match="does not exist"):
        open_database(f"sqlite:///{tmp_path}/nowhere/alerts.db")


def test_an_unknown_kind_of_database_is_a_clear_error():
    with pytest.raises(StoreError, match="DATABASE_URL"):
        open_database("oracle9://scott:tiger@host/x")


def test_a_backup_is_a_whole_database(tmp_path: Path):
    database = open_database(f"sqlite:///{tmp_path}/alerts.db")
    migrate(database)
    back_up(database, tmp_path / "copy.db")
    database.close()
    with sqlite3.connect(tmp_path / "copy.db") as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    copy.close()


def test_an_exception_rolls_the_whole_transaction_back(database: Database):
    def begin_and_fail() -> None:
        with database.write() as connection:
            feeds.apply(connection, [(Feed("https://a.example/f"), "a.example")], 0.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        begin_and_fail()
    with database.read() as connection:
        assert feeds.by_url(connection) == {}


def test_a_transaction_within_another_is_a_part_of_it_and_waits_for_nothing(database: Database):
    def write_within_and_fail() -> None:
        with database.write() as outer:
            configs.keep(outer, "outer", "1")
            with database.write() as inner:
                configs.keep(inner, "inner", "1")
            with database.read() as connection:
                assert configs.value(connection, "inner") == configs.value(connection, "outer")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_within_and_fail()
    with database.read() as connection:
        assert configs.value(connection, "inner") is None


@pytest.mark.fault("69")
def test_two_claims_never_take_the_same_row(database: Database):
    pairs = [(Feed(f"https://h{n}.example/f"), f"h{n}.example") for n in range(200)]
    with database.write() as connection:
        feeds.apply(connection, pairs, 0.0)
    taken: list[int] = []
    clock = SystemClock()

    def take() -> None:
        while True:
            with database.write() as connection:
                rows = claims.claim(
                    connection, TAKING, now=1.0, lease=clock.token(), lease_s=60, limit=7
                )
            if not rows:
                return
            taken.extend(row.id for row in rows)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 200


def test_a_late_result_is_refused_by_its_lease(database: Database):
    clock = FakeClock()
    with database.write() as connection:
        feeds.apply(connection, [(Feed("https://a.example/f"), "a.example")], 0.0)
        claims.claim(connection, TAKING, now=0.0, lease="first", lease_s=60, limit=1)
        (row,) = claims.claim(connection, TAKING, now=61.0, lease="second", lease_s=60, limit=1)
        assert not feeds.record(connection, row.id, "first", {"failures": 9})
        assert feeds.record(connection, row.id, "second", {"due_at": clock.now()})


def test_one_host_gets_one_request_a_gap_and_two_in_flight(database: Database):
    pairs = [(Feed(f"https://one.example/{n}"), "one.example") for n in range(5)]
    with database.write() as connection:
        feeds.apply(connection, pairs, 0.0)

        def take(now: float) -> int:
            rows = feeds.claim(
                connection,
                now=now,
                horizon=now,
                lease=f"at {now}",
                lease_s=60,
                limit=10,
                gaps=feeds.Gaps(1.0, 300.0),
            )
            return len(rows)

        assert [take(0.0), take(0.5), take(1.0), take(2.0)] == [1, 0, 1, 0]


@pytest.mark.fault("69")
def test_the_second_process_is_told_who_holds_the_lock(database: Database):
    clock = SystemClock()
    with (
        working_lock(database, clock),
        pytest.raises(LockHeld, match=r"pid \d+ on "),
        working_lock(database, clock),
    ):
        pass
    with working_lock(database, clock):
        pass
