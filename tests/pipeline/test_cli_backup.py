"""Claims about `alerts backup`."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_service import Folder

from alerts.cli import backup as module
from alerts.errors import StoreError, UsageError
from alerts.store.database import open_database


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.chdir(tmp_path)
    made = Folder(tmp_path)
    yield made
    made.close()


def test_a_copy_made_while_the_service_has_the_database_holds_what_was_sent(folder: Folder):
    folder.send("ICE in town")
    result = folder.command("backup", "copy.db")
    assert result.exit_code == 0, result.exception
    before = folder.json("deliveries")
    Path(".env").write_text("DATABASE_URL=sqlite:///copy.db\n")
    assert folder.json("deliveries") == before


def test_a_copy_can_be_read_by_its_owner_only(folder: Folder):
    folder.command("backup", "copy.db")
    assert stat.S_IMODE(Path("copy.db").stat().st_mode) == 0o600


def test_nothing_is_overwritten_and_no_draft_is_left(folder: Folder):
    Path("copy.db").write_text("mine")
    error = folder.command("backup", "copy.db").exception
    assert isinstance(error, UsageError)
    assert Path("copy.db").read_text() == "mine"
    assert not list(Path().glob(".*part*"))


def test_a_folder_that_is_not_there_is_said(folder: Folder):
    error = folder.command("backup", "nowhere/copy.db").exception
    assert isinstance(error, UsageError)
    assert "nowhere" in error.message


def test_a_copy_that_is_not_whole_is_not_kept(folder: Folder):
    file = Path("half.db")
    with sqlite3.connect(file) as half:
        half.execute("CREATE TABLE alembic_version (version_num)")
    half.close()
    half_open = open_database("sqlite:///half.db")
    with pytest.raises(StoreError):
        module.copy_to(half_open, Path("copy.db"))
    half_open.close()
    assert not Path("copy.db").exists()


def test_without_a_database_there_is_nothing_to_copy(folder: Folder):
    Path(".env").write_text("DATABASE_URL=sqlite:///none.db\n")
    error = folder.command("backup", "copy.db").exception
    assert isinstance(error, UsageError)
    assert not Path("none.db").exists()
