"""Claims about troubles that admins are told of: once, whoever finds them at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from alerts.store import notices, outage
from alerts.store.database import Database


def test_a_trouble_that_two_find_at_the_same_moment_is_told_by_one(database: Database) -> None:
    both_look = Barrier(2)

    def find(name: str) -> bool:
        both_look.wait(60)
        with database.write() as connection:
            return notices.begin(connection, "outage", name, 1.0)

    for _ in range(20):
        with ThreadPoolExecutor(2) as threads:
            told = list(threads.map(find, ("first", "second")))
        assert sorted(told) == [False, True]
        with database.write() as connection:
            assert notices.end(connection, "outage", 2.0) is not None
            assert notices.end(connection, "outage", 3.0) is None


def test_an_outage_that_two_find_at_the_same_moment_begins_once(database: Database) -> None:
    both_look = Barrier(2)

    def find(_: int) -> bool:
        both_look.wait(60)
        with database.write() as connection:
            return outage.begin(connection, 1.0, {"connect"})

    for _ in range(20):
        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(find, range(2))) == [False, True]
        with database.write() as connection:
            assert outage.end(connection)


def test_a_trouble_that_is_over_can_come_again(database: Database) -> None:
    with database.write() as connection:
        assert notices.begin(connection, "mail", "Mail stands still", 1.0)
        assert not notices.begin(connection, "mail", "Mail stands still", 2.0)
        ended = notices.end(connection, "mail", 3.0)
        assert ended is not None
        assert (ended.subject, ended.closed_at) == ("Mail stands still", 3.0)
        assert notices.begin(connection, "mail", "Mail stands still", 4.0)
        assert set(notices.open_ones(connection)) == {"mail"}
