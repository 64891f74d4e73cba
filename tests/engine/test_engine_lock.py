"""Claims about the working lock of a service whose database server ended its connection."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import psycopg
import pytest
from postgres import emptied

from alerts.clock import FakeClock, SystemClock
from alerts.errors import LockHeld
from alerts.store.database import open_database
from alerts.store.lock import ADVISORY_KEY, working_lock

END = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


def test_a_lost_lock_is_taken_again_unless_another_process_has_it(postgres_server: str):
    url, clock = emptied(postgres_server), SystemClock()
    ours, theirs = open_database(url), open_database(url)
    with working_lock(ours, clock) as keep, psycopg.connect(url, autocommit=True) as admin:
        admin.execute(END)
        keep()
        with pytest.raises(LockHeld), working_lock(theirs, clock):
            pass
        admin.execute(END)
        with working_lock(theirs, clock, wait_s=5), pytest.raises(LockHeld, match=r"pid \d+"):
            keep()
        keep()
    with working_lock(theirs, clock):
        pass
    ours.close()
    theirs.close()


def test_the_holder_of_another_databases_lock_is_not_named(postgres_server: str):
    url, clock = emptied(postgres_server), SystemClock()
    take = "SELECT set_config('application_name', %s, false), pg_try_advisory_lock(%s)"
    other = f"{postgres_server}/template1"
    with (
        psycopg.connect(other, autocommit=True) as beside,
        psycopg.connect(url, autocommit=True) as holder,
    ):
        beside.execute(take, ("the neighbour", ADVISORY_KEY))
        holder.execute(take, ("the holder", ADVISORY_KEY))
        refused = open_database(url)
        with pytest.raises(LockHeld, match="the holder"), working_lock(refused, clock):
            pass
        refused.close()


class SigningClock(FakeClock):
    """While somebody waits, the lock's holder writes its name."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def sleep(self, seconds: float, wake: threading.Event | None = None) -> bool:
        self._file.write_text("pid 4711 on cellar")
        return super().sleep(seconds, wake)


def test_a_holder_that_has_not_yet_signed_is_named(tmp_path: Path):
    database = open_database(f"sqlite:///{tmp_path}/alerts.db")
    file = tmp_path / "alerts.db.lock"
    with file.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        clock = SigningClock(file)
        with pytest.raises(LockHeld, match="pid 4711 on cellar"), working_lock(database, clock):
            pass
        assert clock.monotonic() <= 1
        file.write_text("")  # on a full disk it cannot sign
        with pytest.raises(LockHeld, match="does not say"), working_lock(database, FakeClock()):
            pass
    database.close()
