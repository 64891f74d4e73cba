"""Claims about a database that cannot be used: nothing is lost, one clear sentence, recovery."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from needs import mounts, program

from alerts.errors import StoreError
from alerts.store import configs
from alerts.store.database import Database, migrate, open_database

CONFIGURATION = """\
version: 1
feeds: []
rules: {ice: ICE}
subscribers: []
"""


@contextmanager
def tmpfs(folder: Path, *, kilobytes: int) -> Iterator[Path]:
    """A file system of that size, mounted for the length of the block."""
    mounts()
    folder.mkdir()
    mount, umount = program("mount"), program("umount")
    options = f"size={kilobytes}k"
    subprocess.run([mount, "-t", "tmpfs", "-o", options, "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run([umount, "-l", folder], check=True)


def made(folder: Path, *, busy_timeout_ms: int = 50) -> Database:
    database = open_database(f"sqlite:///{folder}/alerts.db", busy_timeout_ms=busy_timeout_ms)
    migrate(database)
    return database


def keep(database: Database, key: str, value: str) -> None:
    with database.write() as connection:
        configs.keep(connection, key, value)


def kept(database: Database, key: str) -> str | None:
    with database.read() as connection:
        return configs.value(connection, key)


def once(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `alerts once` in a process of its own, on the database of that folder."""
    (folder.parent / "subscribers.yaml").write_text(CONFIGURATION)
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/alerts.db"}  # noqa: TID251
    return subprocess.run(
        [sys.executable, "-m", "alerts", "once"],
        cwd=folder.parent,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )


def check_refusal(done: subprocess.CompletedProcess[str]) -> None:
    """A refusal is exit code 3, one sentence and what to do about it."""
    assert done.returncode == 3, done.stderr
    message, hint = done.stderr.strip().split("\n")
    assert message.startswith("alerts: ")
    assert message.endswith(".")
    assert hint
    assert done.stdout == ""


# --- a full disk ---------------------------------------------------------------------------------


@pytest.mark.fault("66")
def test_a_full_disk_loses_nothing_and_the_same_database_goes_on_when_there_is_room(tmp_path: Path):
    with tmpfs(tmp_path / "small", kilobytes=1024) as folder, closing(made(folder)) as database:
        keep(database, "before", "kept")
        ballast = folder / "ballast"
        fill(ballast)
        number = written_until_full(database)
        assert kept(database, "before") == "kept"
        assert kept(database, f"n{number}") is None  # rolled back whole
        ballast.unlink()
        keep(database, "after", "kept too")
        assert kept(database, "after") == "kept too"
        assert all(kept(database, f"n{n}") for n in range(number))


def written_until_full(database: Database) -> int:
    """Write n0, n1, … until the disk is full; return the number that found no room."""
    for number in range(2000):
        try:
            keep(database, f"n{number}", "x" * 1000)
        except StoreError as error:
            assert "disk is full" in error.message  # noqa: PT017 - one of many is to fail
            return number
    raise AssertionError("the disk never was full")


def fill(ballast: Path) -> None:
    """Use up every block that is left."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def test_once_on_a_full_disk_ends_with_code_3_and_one_sentence(tmp_path: Path):
    with tmpfs(tmp_path / "small", kilobytes=1024) as folder:
        made(folder).close()
        fill(folder / "ballast")
        check_refusal(once(folder))
        (folder / "ballast").unlink()
        assert once(folder).returncode == 0


def test_a_database_is_not_half_made_on_a_full_disk(tmp_path: Path):
    with tmpfs(tmp_path / "small", kilobytes=1024) as folder:
        fill(folder / "ballast")
        with pytest.raises(StoreError):
            made(folder)
        (folder / "ballast").unlink()
        with closing(made(folder)) as database:
            keep(database, "after", "kept")


# --- read only -----------------------------------------------------------------------------------


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder's file system takes no writing, even root's."""
    mount = program("mount")
    subprocess.run([mount, "-o", "remount,ro", folder], check=True)
    try:
        yield
    finally:
        subprocess.run([mount, "-o", "remount,rw", folder], check=True)


@pytest.mark.fault("66")
def test_once_on_a_read_only_folder_ends_with_code_3_and_one_sentence(tmp_path: Path):
    with tmpfs(tmp_path / "small", kilobytes=1024) as folder:
        made(folder).close()
        with read_only(folder):
            check_refusal(once(folder))
        assert once(folder).returncode == 0


def test_once_without_a_database_in_a_read_only_folder_says_so(tmp_path: Path):
    with tmpfs(tmp_path / "small", kilobytes=1024) as folder, read_only(folder):
        check_refusal(once(folder))


# --- busy ----------------------------------------------------------------------------------------


@pytest.mark.fault("66")
def test_a_lock_held_longer_than_the_busy_time_is_a_store_error_and_writing_goes_on_after(
    tmp_path: Path,
):
    with (
        closing(made(tmp_path)) as database,
        closing(sqlite3.connect(tmp_path / "alerts.db", isolation_level=None)) as other,
    ):
        keep(database, "before", "kept")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            keep(database, "during", "not kept")
        assert kept(database, "before") == "kept"  # reading is not held up
        other.execute("ROLLBACK")
        keep(database, "after", "kept")
        assert kept(database, "during") is None
        assert kept(database, "after") == "kept"


# --- damage --------------------------------------------------------------------------------------


def test_a_damaged_file_is_a_store_error_and_no_traceback(tmp_path: Path):
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(made(folder)) as database:
        for number in range(50):
            keep(database, f"n{number}", "x" * 2000)
    with (folder / "alerts.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 40 * 4096)
    check_refusal(once(folder))
