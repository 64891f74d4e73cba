"""Claims about `store.holder`: who does the work, asked from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from alerts.clock import SystemClock
from alerts.store.database import Database, open_database
from alerts.store.holder import holder
from alerts.store.lock import working_lock

HOLD = """\
import sys
from alerts.clock import SystemClock
from alerts.store.database import open_database
from alerts.store.lock import working_lock
with working_lock(open_database(sys.argv[1]), SystemClock()):
    sys.stdout.write("held\\n"); sys.stdout.flush(); sys.stdin.read()
"""


def test_the_holder_is_named_while_it_holds_and_nobody_after(database: Database) -> None:
    assert holder(database) is None
    with working_lock(database, SystemClock()):
        assert holder(database) == f"pid {os.getpid()} on {socket.gethostname()}"
    assert holder(database) is None


def test_a_killed_holder_is_none_although_its_name_still_stands(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/alerts.db"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == b"held\n"
    opened = open_database(url)
    assert holder(opened) == f"pid {child.pid} on {socket.gethostname()}"
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert (tmp_path / "alerts.db.lock").read_text() == f"pid {child.pid} on {socket.gethostname()}"
    assert holder(opened) is None
    opened.close()


def test_another_process_with_the_number_of_a_dead_holder_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    opened = open_database(f"sqlite:///{tmp_path}/alerts.db")
    (tmp_path / "alerts.db.lock").write_text(f"pid {os.getpid()} on {socket.gethostname()}")
    assert holder(opened) is None
    opened.close()


def test_a_holder_on_another_machine_is_named_as_it_signed(tmp_path: Path) -> None:
    opened = open_database(f"sqlite:///{tmp_path}/alerts.db")
    (tmp_path / "alerts.db.lock").write_text("pid 1 on elsewhere")
    assert holder(opened) == "pid 1 on elsewhere"
    opened.close()


def test_a_database_in_memory_has_no_holder() -> None:
    opened = open_database("sqlite://")
    assert holder(opened) is None
    opened.close()
