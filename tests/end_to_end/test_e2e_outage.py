"""A running service whose database goes away and comes back: it goes on by itself."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from needs import free_port, immutable_files, mounts, program
from postgres import cluster

from alerts.store.database import open_database
from tests.end_to_end.service import HOOK, Service, item
from tests.end_to_end.test_e2e_run import RIGHT_AWAY, running, until

FIRST = item("ICE agents wait outside the courthouse", "courthouse", "", 2)
SECOND = item("ICE ends a contract with the county", "contract", "", 1)
ROOM_HOOK = HOOK.rstrip("\n") + "\n    when: right away\n"


def problems(port: int) -> list[str]:
    """Return what /healthz finds wrong; nothing while all is well."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as answer:
        found = json.load(answer)
        answer.close()
    except OSError:
        return ["It does not answer yet."]
    listed: list[str] = found["problems"]
    return [said for said in listed if "MB are free" not in said]


def make_feeds_due(url: str) -> None:
    database = open_database(url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE feed SET due_at = 1")
        connection.exec_driver_sql("UPDATE slot SET due_at = 1 WHERE due_at IS NOT NULL")
    database.close()


def said(log: Path, words: str) -> int:
    return log.read_text().count(words)


def told(service: Service) -> list[int]:
    """Count the messages, to both, that tell each story."""
    plain = [mail.part("plain") for mail in service.mail.to("ana@example.org")]
    posts = [post.body.decode() for post in service.rooms.accepted("/hook")]
    return [
        sum(story.link in text for text in texts)
        for texts in (plain, posts)
        for story in (FIRST, SECOND)
    ]


def live_through(service: Service, url: str, fail: Callable[[], None], mend: Callable[[], None]):
    """Tell a story, fail, publish another, mend: both are told once and the fault was said once."""
    port, log = free_port(), service.folder / "log"
    service.configure(RIGHT_AWAY, ROOM_HOOK)
    service.publish(FIRST)
    with log.open("wb") as err, running(service, stderr=err, DATABASE_URL=url, PORT=str(port)):
        until(lambda: told(service) == [1, 0, 1, 0], "the first story was told")
        until(lambda: problems(port) == [], "all is well")
        service.publish(FIRST, SECOND)
        make_feeds_due(url)
        fail()
        until(lambda: problems(port), "the page says that something is wrong")
        until(lambda: said(log, "work stands still"), "the log says so")
        mend()
        until(lambda: problems(port) == [], "all is well again")
        until(lambda: said(log, "work goes on"), "the log says that it is over")
        make_feeds_due(url)
        until(lambda: told(service) == [1, 1, 1, 1], "the second story was told, once")
    assert said(log, "work stands still") == 1, log.read_text()
    assert said(log, "Traceback") == 0, log.read_text()
    assert said(log, "skipped") == 0, log.read_text()


def test_postgresql_stopped_and_started_loses_and_doubles_nothing(service: Service) -> None:
    with cluster() as server:
        url = f"{server.url}/postgres"
        live_through(service, url, server.stop, server.start)


def test_a_database_locked_by_another_program_is_waited_for(service: Service) -> None:
    url = f"sqlite:///{service.folder}/alerts.db"
    other = sqlite3.connect(service.folder / "alerts.db", isolation_level=None)
    try:
        live_through(
            service,
            url,
            lambda: other.execute("BEGIN IMMEDIATE"),
            lambda: other.execute("ROLLBACK"),
        )
    finally:
        other.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own, for the database."""
    mounts()
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(
        [program("mount"), "-t", "tmpfs", "-o", "size=2048k", "none", folder], check=True
    )
    yield folder
    subprocess.run([program("umount"), "-l", folder], check=True)


def test_a_full_disk_is_waited_for(service: Service, disk: Path) -> None:
    url = f"sqlite:///{disk}/alerts.db"
    live_through(service, url, lambda: fill(disk / "ballast"), (disk / "ballast").unlink)


def fill(ballast: Path) -> None:
    """Use up every block that is left."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def test_a_database_that_turns_read_only_is_waited_for(service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    chattr = immutable_files(folder)

    def turn(sign: str) -> None:
        """Let folder and files take no writing, also from root and through open files.

        Not the file of shared memory: a process that writes there is ended by the kernel.
        """
        files = (folder / "alerts.db", folder / "alerts.db-wal", folder)
        subprocess.run([chattr, f"{sign}i", *filter(Path.exists, files)], check=True)

    def fail() -> None:
        turn("+")
        with (service.folder / "subscribers.yaml").open("a") as file:
            file.write("# an edit, in case that the feed was asked before this\n")

    try:
        live_through(service, f"sqlite:///{folder}/alerts.db", fail, lambda: turn("-"))
    finally:
        turn("-")
